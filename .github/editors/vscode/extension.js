// Starts `stdpdsl lsp` and shows what it opens, a report or a window, in a panel beside the spec.
const fs = require("fs");
const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

async function start() {
  const settings = vscode.workspace.getConfiguration("stdpdsl");
  const [command, ...args] = settings.get("command");
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  client = new LanguageClient(
    "stdpdsl",
    "stdpdsl",
    { command, args, options: folder ? { cwd: folder } : {} },
    {
      documentSelector: [{ language: "stdp" }],
      middleware: { window: { showDocument } },
    },
  );
  try {
    await client.start();
  } catch (error) {
    client = undefined;
    vscode.window.showErrorMessage(
      `stdpdsl: ${command} did not start (${error.message}). ` +
        "Install it with pip install 'stdpdsl[editor]', or set stdpdsl.command.",
    );
  }
}

async function showDocument(params, next, token) {
  const uri = vscode.Uri.parse(params.uri);
  const inside = vscode.workspace.getConfiguration("stdpdsl").get("reportInside");
  if (!inside || uri.scheme !== "file" || !/\.(html|svg)$/.test(uri.path)) {
    return next(params, token);
  }
  const title = uri.path.slice(uri.path.lastIndexOf("/") + 1);
  const panel = vscode.window.createWebviewPanel(
    "stdpdsl",
    title,
    { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true },
    // A report is one page with its own script, and needs no network and no files.
    { enableScripts: uri.path.endsWith(".html"), localResourceRoots: [] },
  );
  panel.webview.html = fs.readFileSync(uri.fsPath, "utf8");
  return { success: true };
}

async function activate(context) {
  context.subscriptions.push(
    vscode.commands.registerCommand("stdpdsl.restart", async () => {
      await client?.stop();
      await start();
    }),
  );
  await start();
}

function deactivate() {
  return client?.stop();
}

module.exports = { activate, deactivate };
