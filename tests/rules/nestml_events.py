"""The synapse models that ship with NESTML, event by event, written from their text.

Each takes the model's parameters in ms and numbers, as NESTML has them, and the events of a synapse
in their order: (time in ms, "pre", "post" or "mod"). It gives the state after each event.
"""

from __future__ import annotations

import math


def _decay(state, taus, since):
    for name, tau in taus.items():
        state[name] *= math.exp(-since / tau)


def stdp(p, events, w, scheme="all"):
    """stdp_synapse, and the three stdp_nn_*_synapse: `symm`, `pre_centered`, `restr_symm`."""
    s = {"w": w, "pre_trace": 0.0, "post_trace": 0.0}
    handled, last, out = True, 0.0, []
    for t, kind in events:
        _decay(s, {"pre_trace": p["tau_tr_pre"], "post_trace": p["tau_tr_post"]}, t - last)
        last = t
        x = s["w"] / p["Wmax"]
        if kind == "post":
            s["post_trace"] = s["post_trace"] + 1 if scheme == "all" else 1.0
            if scheme != "restr_symm" or not handled:
                up = p["lambda"] * (1 - x) ** p["mu_plus"] * s["pre_trace"]
                s["w"] = min(p["Wmax"], p["Wmax"] * (x + up))
                handled = True
            if scheme == "pre_centered":
                s["pre_trace"] = 0.0
        else:
            adds = scheme in ("all", "pre_centered")
            s["pre_trace"] = s["pre_trace"] + 1 if adds else 1.0
            if scheme != "restr_symm" or handled:
                down = p["alpha"] * p["lambda"] * x ** p["mu_minus"] * s["post_trace"]
                s["w"] = max(p["Wmin"], p["Wmax"] * (x - down))
            handled = False
        out.append(dict(s))
    return out


def triplet(p, events, w):
    """stdp_triplet_synapse"""
    s = {"w": w, "tr_r1": 0.0, "tr_r2": 0.0, "tr_o1": 0.0, "tr_o2": 0.0}
    taus = {
        "tr_r1": p["tau_plus"],
        "tr_r2": p["tau_x"],
        "tr_o1": p["tau_minus"],
        "tr_o2": p["tau_y"],
    }
    last, out = 0.0, []
    for t, kind in events:
        _decay(s, taus, t - last)
        last = t
        if kind == "post":
            s["w"] = min(
                p["Wmax"], s["w"] + s["tr_r1"] * (p["A2_plus"] + p["A3_plus"] * s["tr_o2"])
            )
            s["tr_o1"] += 1
            s["tr_o2"] += 1
        else:
            s["w"] = max(
                p["Wmin"], s["w"] - s["tr_o1"] * (p["A2_minus"] + p["A3_minus"] * s["tr_r2"])
            )
            s["tr_r1"] += 1
            s["tr_r2"] += 1
        out.append(dict(s))
    return out


def neuromodulated(p, events, w):
    """neuromodulated_stdp_synapse"""
    s = {"w": w, "n": 0.0, "c": 0.0, "pre_tr": 0.0, "post_tr": 0.0}
    tau_s = (p["tau_c"] + p["tau_n"]) / (p["tau_c"] * p["tau_n"])
    last, out = 0.0, []
    for t, kind in events:
        h = t - last
        last = t
        s["w"] -= s["c"] * (
            s["n"] / tau_s * math.expm1(-tau_s * h)
            - p["b"] * p["tau_c"] * math.expm1(-h / p["tau_c"])
        )
        s["c"] *= math.exp(-h / p["tau_c"])
        s["n"] *= math.exp(-h / p["tau_n"])
        _decay(s, {"pre_tr": p["tau_tr_pre"], "post_tr": p["tau_tr_post"]}, h)
        if kind == "mod":
            s["n"] += 1 / p["tau_n"]
        elif kind == "post":
            s["post_tr"] += 1
            s["c"] += p["A_plus"] * s["pre_tr"]
        elif kind == "pre":
            s["pre_tr"] += 1
            s["c"] -= p["A_minus"] * s["post_tr"]
        out.append(dict(s))
    return out


def tsodyks(p, events):
    """tsodyks_synapse"""
    s = {"x": 1.0, "y": 0.0, "u": p["U"]}
    last, out = 0.0, []
    for t, kind in events:
        if kind == "pre":
            h, last = t - last, t
            puu = math.exp(-h / p["tau_fac"]) if p["tau_fac"] else 0.0
            pyy, pzz = math.exp(-h / p["tau_psc"]), math.exp(-h / p["tau_rec"])
            pxy = ((pzz - 1) * p["tau_rec"] - (pyy - 1) * p["tau_psc"]) / (
                p["tau_psc"] - p["tau_rec"]
            )
            z = 1 - s["x"] - s["y"]
            s["u"] *= puu
            s["x"] += pxy * s["y"] + (1 - pzz) * z
            s["y"] *= pyy
            s["u"] += p["U"] * (1 - s["u"])
            released = s["u"] * s["x"]
            s["x"] -= released
            s["y"] += released
        out.append(dict(s))
    return out
