"""Brian2's loop over the steps of a program, without needless repetition. In a small network the
loop takes as long as the neurons do.

Brian2 asks the kernel for the time before each object of each step; here a clock without a system
call is asked every sixteenth step. Brian2 also compares all clocks in each step, makes a new tree
of those that tick, and looks up the clock of each object there. Here clocks that always tick
together count as one, and what runs in a step is listed anew only if other clocks tick.

The changes look for known text. What is not found stays as it is.
"""

import re

OBJECTS = re.compile(
    r" {8}for\(size_t i=0; i<objects\.size\(\); i\+\+\)\n {8}\{\n"
    r"(?P<report> {12}if \(report_func)(?P<reported>\)\n {12}\{.*?\n {12}\}\n).*?\n {8}\}\n"
    r" {8}for\(std::set<Clock\*>::iterator i=curclocks\.begin\(\);.*?\n.*?->tick\(\);\n",
    re.DOTALL,
)
IN_A_STEP = """\
        for(size_t i=0; i<due.size(); i++)
            due[i]();
        for(size_t i=0; i<ticking.size(); i++)
            ticking[i]->tick();
"""
COMPUTED = "void Network::compute_clocks()\n{\n    clocks.clear();\n"
NEXT = re.compile(r"Clock\* Network::next_clocks\(\)\n\{\n.*?\n\}\n", re.DOTALL)
NEXT_CLOCKS = """\
Clock* Network::next_clocks()
{
    if (clocks.empty())
        return NULL;
    if (leaders.empty())
    {
        for(Clock *clock : clocks)
            if (!is_led(clock))
            {
                leaders.push_back(clock);
                ticks.push_back(2);
            }
    }
    Clock *minclock = leaders[0];
    for(Clock *clock : leaders)
        if (clock->t[0]<minclock->t[0])
            minclock = clock;
    const double t = minclock->t[0];
    bool same = true;
    for(size_t i=0; i<leaders.size(); i++)
    {
        const double s = leaders[i]->t[0];
        const char now = s==t || fabs(s-t)<=Clock_epsilon;
        same = same && now==ticks[i];
        ticks[i] = now;
    }
    if (same)
        return minclock;
    ticking.clear();
    due.clear();
    for(Clock *clock : clocks)
        if (is_led(clock))
            ticking.push_back(clock);
    for(const auto &object : objects)
        if (object.second && is_led(object.first))
            due.push_back(object.second);
    return minclock;
}
"""
LISTS = """
// Of the clocks that always tick together, the first; whether it ticks next, 2 if unknown. All that
// tick next, and what runs then.
static std::vector<Clock*> leaders, ticking;
static std::vector<char> ticks;
static std::vector<codeobj_func> due;
// Whether a clock ticks together with a leader that ticks next.
static bool is_led(const Clock *clock)
{
    for(size_t i=0; i<leaders.size(); i++)
        if (ticks[i] && leaders[i]->dt[0]==clock->dt[0] && leaders[i]->t[0]==clock->t[0]
                && leaders[i]->timestep[0]==clock->timestep[0])
            return true;
    return false;
}
"""


def lightly_driven(text):
    """The text of network.cpp with such a loop."""
    objects, next_clocks = OBJECTS.search(text), NEXT.search(text)
    if not (objects and next_clocks and COMPUTED in text):
        return text
    report = f"{objects['report']} && ++_steps % 16 == 0{objects['reported']}"
    text = text.replace(next_clocks[0], NEXT_CLOCKS)
    text = text.replace(objects[0], f"{report}{IN_A_STEP}")
    text = text.replace(COMPUTED, f"{COMPUTED}    leaders.clear();\n    ticks.clear();\n")
    text = text.replace("Network::Network()", f"{LISTS}\nNetwork::Network()", 1)
    text = text.replace(
        "    double elapsed_realtime;\n", "    double elapsed_realtime;\n    int _steps = 0;\n"
    )
    measured = re.search(r"\n *current = std::clock\(\);\n *(elapsed_realtime = .*;)\n", text)
    end = "    Network::_globally_running = false;\n"
    if measured and end in text and "did_break_early = true" not in text:
        text = text.replace(measured[0], "\n")
        text = text.replace(end, f"    current = std::clock();\n    {measured[1]}\n{end}")
    return text.replace("std::clock()", "brian::wall_clock()")


SENT = re.compile(
    r" {12}for\(int idx_spike=start;.*?\n {12}\}\n(?= {8}\} else // \(!scalar_delay\))", re.DOTALL
)
SENT_TOGETHER = """\
            size_t sent = homog_queue.size(), all = sent;
            for(int k=start; k<stop; k++)
            {
                const vector<int> &reached = synapses[rspikes[k] - source_start];
                __builtin_prefetch(reached.data());
                all += reached.size();
            }
            homog_queue.resize(all);
            for(int k=start; k<stop; k++)
            {
                const vector<int> &reached = synapses[rspikes[k] - source_start];
                for(size_t i=0; i<reached.size(); i++)
                    homog_queue[sent++] = reached[i];
            }
"""
PEEKED = re.compile(r"(vector<int32_t>\* peek\(\)\s*\{).*?(?=\n\s*return &all_peek;)", re.DOTALL)


def queued_quickly(text):
    """The text of spikequeue.h whose queue grows once in a step, and advances without a
    division."""
    divided = "offset = (offset+1)%queue.size();"
    text = text.replace(divided, "offset = offset+1 < (int)queue.size() ? offset+1 : 0;")
    return SENT.sub(SENT_TOGETHER, text)


def peeked_quickly(text):
    """The text of synapses_classes.h, where a single queue is not copied to be read."""
    if "_nb_threads = 1;" not in text:
        return text
    return PEEKED.sub(r"\1", text).replace("return &all_peek;", "return queue[0]->peek();")
