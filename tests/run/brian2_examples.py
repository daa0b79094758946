"""Examples of Brian2's own (examples/ of brian-team/brian2), shortened, each beside its spec.

What is drawn there is given here: Poisson input as spikes, random first values and connections as
formulas. The scripts are otherwise Brian2's, line by line; `SHOWN` names what is compared.
"""

SPIKES = sorted({(n, 3 * k + 7 * n % 5 + k * n % 4) for k in range(1, 16) for n in range(6)})  # ms
LISTED = ", ".join(f"({n}, {ms} ms)" for n, ms in SPIKES)
GIVEN = f"SpikeGeneratorGroup(6, {[n for n, _ in SPIKES]}, {[ms for _, ms in SPIKES]}*ms)"

# name: (spec, script, [(layer or connection, variable, object of the script)])
EXAMPLES = {
    "adaptive_threshold": (
        f"""
neuron cell:
    equations:
        dv/dt = -v/(10 ms) : volt
        dvt/dt = (10 mV - vt)/(15 ms) : volt
    threshold: v > vt
    reset:
        v = 0 mV
        vt += 3 mV
    initial: vt = 10 mV
layer PG:
    spikes: [{LISTED}]
    size: 6
layer IF:
    neuron: cell
    size: 1
connect PG -> IF as C:
    pattern: all_to_all
    on pre: v_post += 3 mV
record:
    spikes of IF
    v, vt of IF every 0.1 ms
run:
    duration: 60 ms
""",
        f"""
IF = NeuronGroup(1, model='''
dv/dt = -v/(10*ms) : volt
dvt/dt = (10*mV-vt)/(15*ms) : volt
''', reset='''
v = 0*mV
vt += 3*mV
''', threshold='v>vt', method='exact')
IF.vt = 10*mV
PG = {GIVEN}
C = Synapses(PG, IF, on_pre='v += 3*mV')
C.connect()
M = StateMonitor(IF, ('v', 'vt'), record=True)
S = SpikeMonitor(IF)
run(60*ms)
""",
        [("IF", "v", "IF"), ("IF", "vt", "IF")],
    ),
    "phase_locking": (
        """
constants:
    tau = 20 ms
    b = 1.2
    freq = 10 Hz
neuron cell:
    equations:
        dv/dt = (-v + a * sin(2 * pi * freq * t) + b) / tau : 1
        a : 1
    threshold: v > 1
    reset: v = 0
    method: euler
    initial:
        v = i/N
        a = 0.05 + 0.7*i/N
layer cells:
    neuron: cell
    size: 10
record:
    spikes of cells
    v of cells every 0.1 ms
run:
    duration: 100 ms
""",
        """
tau = 20*ms
n = 10
b = 1.2
freq = 10*Hz
neurons = NeuronGroup(n, model='''
dv/dt = (-v + a * sin(2 * pi * freq * t) + b) / tau : 1
a : 1
''', threshold='v > 1', reset='v = 0', method='euler')
neurons.v = 'i/N'
neurons.a = '0.05 + 0.7*i/n'
S = SpikeMonitor(neurons)
M = StateMonitor(neurons, 'v', record=True)
run(100*ms)
""",
        [("cells", "v", "neurons")],
    ),
    "nonlinear": (
        """
constants:
    a = 1/(10 ms)
    b = 1/(10 ms)
    c = 1/(10 ms)
neuron source:
    equations:
        dv/dt = 1/(10 ms) : 1
    threshold: v > 1
    reset: v = 0
    method: euler
    initial: v = 0.5*i
neuron target:
    equations:
        dv/dt = (g-v)/(10 ms) : 1
        g : 1
    method: exact
rule nmda:
    equations:
        w : 1
        dg_syn/dt = -a*g_syn+b*x*(1-g_syn) : 1
        dx/dt = -c*x : 1
    method: euler
    on pre: x += w
layer neuron_input:
    neuron: source
    size: 2
layer neurons:
    neuron: target
    size: 1
connect neuron_input -> neurons as S:
    pattern: all_to_all
    plasticity: nmda
    deliver continuously: g_syn to g
    initial: w = 1 + 9*i
record:
    spikes of neuron_input
    g, v of neurons every 0.1 ms
    x, g_syn of S every 0.1 ms
run:
    duration: 60 ms
""",
        """
a = 1 / (10*ms)
b = 1 / (10*ms)
c = 1 / (10*ms)
neuron_input = NeuronGroup(2, 'dv/dt = 1/(10*ms) : 1', threshold='v>1', reset='v = 0',
                    method='euler')
neurons = NeuronGroup(1, '''dv/dt = (g-v)/(10*ms) : 1
                            g : 1''', method='exact')
S = Synapses(neuron_input, neurons, '''
                dg_syn/dt = -a*g_syn+b*x*(1-g_syn) : 1 (clock-driven)
                g_post = g_syn : 1 (summed)
                dx/dt=-c*x : 1 (clock-driven)
                w : 1 # synaptic weight
             ''', on_pre='x += w', method='euler')
S.connect()
S.w = [1., 10.]
neuron_input.v = [0., 0.5]
Mn = StateMonitor(neurons, ['g', 'v'], record=True)
Ms = StateMonitor(S, ['x', 'g_syn'], record=True)
M = SpikeMonitor(neuron_input)
run(60*ms)
""",
        [
            ("neurons", "g", "neurons"),
            ("neurons", "v", "neurons"),
            ("S", "x", "S"),
            ("S", "g_syn", "S"),
        ],
    ),
    "gapjunctions": (
        """
constants:
    v0 = 1.05
    tau = 10 ms
neuron cell:
    equations:
        dv/dt = (v0 - v + Igap) / tau : 1
        Igap : 1
    threshold: v > 1
    reset: v = 0
    method: exact
    initial: v = i * 1.0 / (N-1)
layer neurons:
    neuron: cell
    size: 10
connect neurons -> neurons as S:
    pattern: all_to_all
    weight: 0.02
    deliver continuously: w * (v_pre - v_post) to Igap
record:
    spikes of neurons
    v, Igap of neurons every 0.1 ms
run:
    duration: 100 ms
""",
        """
n = 10
v0 = 1.05
tau = 10*ms
neurons = NeuronGroup(n, '''
dv/dt = (v0 - v + Igap) / tau : 1
Igap : 1 # gap junction current
''', threshold='v > 1', reset='v = 0', method='exact')
neurons.v = 'i * 1.0 / (n-1)'
trace = StateMonitor(neurons, ['v', 'Igap'], record=True)
S = Synapses(neurons, neurons, '''
             w : 1 # gap junction conductance
             Igap_post = w * (v_pre - v_post) : 1 (summed)
             ''')
S.connect()
S.w = .02
M = SpikeMonitor(neurons)
run(100*ms)
""",
        [("neurons", "v", "neurons"), ("neurons", "Igap", "neurons")],
    ),
    "synapses": (
        """
neuron cell:
    parameters: first = 0
    equations:
        dv/dt = -v / (10 ms) : 1
    threshold: v > 1
    reset: v = 0
    method: exact
    initial: v = first
rule fading:
    equations:
        dw/dt = -w / (50 ms) : 1
    on pre: deliver w
layer G1:
    neuron: cell(first = 1.2)
    size: 10
layer G2:
    neuron: cell
    size: 10
connect G1 -> G2 as syn:
    pattern: all_to_all where i == j and i % 4 != 3
    plasticity: fading
    deliver: w to v
    delay: 1 ms + i*1 ms + 0.25 ms * (i % 3)
    initial: w = 1
record:
    spikes of G1, G2
    v of G2 every 0.1 ms
run:
    duration: 20 ms
""",
        """
G1 = NeuronGroup(10, 'dv/dt = -v / (10*ms) : 1',
                 threshold='v > 1', reset='v=0.', method='exact')
G1.v = 1.2
G2 = NeuronGroup(10, 'dv/dt = -v / (10*ms) : 1',
                 threshold='v > 1', reset='v=0', method='exact')
syn = Synapses(G1, G2, 'dw/dt = -w / (50*ms): 1 (event-driven)', on_pre='v += w')
syn.connect('i == j and i % 4 != 3')
syn.delay = '1*ms + i*ms + 0.25*ms * (i % 3)'
syn.w = 1
mon = StateMonitor(G2, 'v', record=True)
M1 = SpikeMonitor(G1)
M2 = SpikeMonitor(G2)
run(20*ms)
""",
        [("G2", "v", "G2")],
    ),
    "if_curve": (
        """
neuron cell:
    equations:
        dv/dt = (v0 - v) / (10 ms) : volt (unless refractory)
        v0 : volt
    threshold: v > 10 mV
    reset: v = 0 mV
    refractory: 5 ms
    method: exact
    initial: v0 = 20 mV * i / (N-1)
layer group:
    neuron: cell
    size: 50
record:
    spikes of group
run:
    duration: 200 ms
""",
        """
n = 50
tau = 10*ms
group = NeuronGroup(n, '''
dv/dt = (v0 - v) / tau : volt (unless refractory)
v0 : volt
''', threshold='v > 10*mV', reset='v = 0*mV', refractory=5*ms, method='exact')
group.v = 0*mV
group.v0 = '20*mV * i / (n-1)'
monitor = SpikeMonitor(group)
run(200*ms)
""",
        [],
    ),
    "homeostasis": (
        f"""
neuron cell:
    parameters:
        tau = 10 ms
    equations:
        dv/dt = (0 - v)/tau : 1 (unless refractory)
    threshold: v > 1
    reset: v = -1
    refractory: 1 ms
    method: euler
rule homeostatic:
    parameters:
        dw_plus = 0.05
        dw_minus = 0.05
        w_max = 2
    equations:
        w : 1 in [0, w_max]
    on pre:
        deliver w
        w += dw_plus
    on post: w -= dw_minus
layer steady:
    spikes: [{LISTED}]
    size: 6
layer varying:
    regular: 150 Hz from 1 ms to 60 ms
    size: 1
layer kept:
    neuron: cell
    size: 1
connect steady -> kept as plastic:
    pattern: all_to_all
    plasticity: homeostatic
    deliver: w to v
    initial: w = 0
connect varying -> kept as fixed:
    pattern: all_to_all
    weight: 2
    deliver: w to v
record:
    spikes of kept
    v of kept every 0.1 ms
    w of plastic every 0.1 ms
run:
    duration: 60 ms
""",
        f"""
parameters = {{'tau': 10*ms, 'dw_plus': 0.05, 'dw_minus': 0.05, 'w_max': 2}}
steady = {GIVEN}
varying = SpikeGeneratorGroup(1, [0]*9, (0.001 + arange(9)/150.)*second)
neuron = NeuronGroup(1, 'dv/dt = (0 - v)/tau : 1 (unless refractory)',
                     threshold='v > 1', reset='v = -1',
                     method='euler', refractory=1*ms, namespace=parameters)
plastic = Synapses(steady, neuron, 'w : 1',
                   on_pre='''
                   v_post += w
                   w = clip(w + dw_plus, 0, w_max)
                   ''',
                   on_post='''
                   w = clip(w - dw_minus, 0, w_max)
                   ''', namespace=parameters)
plastic.connect()
plastic.w = 0
fixed = Synapses(varying, neuron, 'w : 1', on_pre='v_post += w')
fixed.connect()
fixed.w = 2
M = StateMonitor(neuron, 'v', record=True)
M2 = StateMonitor(plastic, 'w', record=True)
M3 = SpikeMonitor(neuron)
run(60*ms)
""",
        [("kept", "v", "neuron"), ("plastic", "w", "plastic")],
    ),
    "coupled_oscillators": (
        """
neuron oscillator:
    parameters: K = 2 Hz
    equations:
        dTheta/dt = omega + K/N*coupling : 1
        omega : Hz
        coupling : 1
    method: euler
    initial:
        Theta = 0.61*i
        omega = 0.1 Hz * (i % 7)
layer oscillators:
    neuron: oscillator
    size: 10
connect oscillators -> oscillators as connections:
    pattern: all_to_all
    deliver continuously: sin(Theta_pre - Theta_post) to coupling
record:
    Theta of oscillators every 1 ms
run:
    duration: 100 ms
    dt: 1 ms
""",
        """
N = 10
defaultclock.dt = 1*ms
K = 2/second
oscillators = NeuronGroup(N, '''
dTheta/dt = omega + K/N*coupling : 1
omega : hertz (constant)
coupling : 1
''', method='euler')
oscillators.Theta = '0.61*i'
oscillators.omega = '0.1*Hz * (i % 7)'
connections = Synapses(oscillators, oscillators,
                       'coupling_post = sin(Theta_pre - Theta_post) : 1 (summed)')
connections.connect()
mon = StateMonitor(oscillators, 'Theta', record=True)
run(100*ms)
""",
        [("oscillators", "Theta", "oscillators")],
    ),
    "STDP": (
        f"""
constants:
    Ee = 0 mV
    vt = -54 mV
    vr = -60 mV
    El = -74 mV
neuron cell:
    equations:
        dv/dt = (ge * (Ee-v) + El - v) / (10 ms) : volt
        dge/dt = -ge / (5 ms) : 1
    threshold: v > vt
    reset: v = vr
    method: euler
rule stdp_by_hand:
    parameters:
        taupre = 20 ms
        taupost = taupre
        gmax = 1
        dApre = 0.01 * gmax
        dApost = -dApre * taupre / taupost * 1.05
    equations:
        w : 1 in [0, gmax]
        dpretr/dt = -pretr / taupre : 1
        dposttr/dt = -posttr / taupost : 1
    on pre:
        deliver w
        pretr += dApre
        w += posttr
    on post:
        posttr += dApost
        w += pretr
layer given:
    spikes: [{LISTED}]
    size: 6
layer neurons:
    neuron: cell
    size: 1
connect given -> neurons as S:
    pattern: all_to_all
    plasticity: stdp_by_hand
    deliver: w to ge
    initial: w = 0.15*i
record:
    spikes of neurons
    v, ge of neurons every 0.1 ms
    w of S every 0.1 ms
run:
    duration: 60 ms
""",
        f"""
taum = 10*ms
taupre = 20*ms
taupost = taupre
Ee = 0*mV
vt = -54*mV
vr = -60*mV
El = -74*mV
taue = 5*ms
gmax = 1
dApre = .01
dApost = -dApre * taupre / taupost * 1.05
dApost *= gmax
dApre *= gmax
given = {GIVEN}
neurons = NeuronGroup(1, '''
dv/dt = (ge * (Ee-v) + El - v) / taum : volt
dge/dt = -ge / taue : 1
''', threshold='v>vt', reset='v = vr', method='euler')
S = Synapses(given, neurons,
             '''w : 1
                dApre/dt = -Apre / taupre : 1 (event-driven)
                dApost/dt = -Apost / taupost : 1 (event-driven)''',
             on_pre='''ge += w
                    Apre += dApre
                    w = clip(w + Apost, 0, gmax)''',
             on_post='''Apost += dApost
                     w = clip(w + Apre, 0, gmax)''',
             )
S.connect()
S.w = '0.15*i'
mon = StateMonitor(S, 'w', record=True)
M = StateMonitor(neurons, ['v', 'ge'], record=True)
M2 = SpikeMonitor(neurons)
run(60*ms)
""",
        [("neurons", "v", "neurons"), ("neurons", "ge", "neurons"), ("S", "w", "S")],
    ),
    "CUBA": (
        """
constants:
    Vt = -50 mV
    Vr = -60 mV
    El = -49 mV
    we = 5 mV
    wi = -9 mV
neuron cell:
    equations:
        dv/dt = (ge+gi-(v-El))/(20 ms) : volt (unless refractory)
        dge/dt = -ge/(5 ms) : volt
        dgi/dt = -gi/(10 ms) : volt
    threshold: v > Vt
    reset: v = Vr
    refractory: 5 ms
    method: exact
    initial: v = Vr + (i*7 % 40)/40 * (Vt - Vr)
layer P:
    neuron: cell
    size: 40
connect P -> P as Ce:
    pattern: all_to_all where i < 32 and (3*i + 5*j) % 11 == 0
    on pre: ge_post += we
connect P -> P as Ci:
    pattern: all_to_all where i >= 32 and (3*i + 5*j) % 7 == 0
    on pre: gi_post += wi
record:
    spikes of P
    v of P every 1 ms
run:
    duration: 100 ms
""",
        """
taum = 20*ms
taue = 5*ms
taui = 10*ms
Vt = -50*mV
Vr = -60*mV
El = -49*mV
P = NeuronGroup(40, '''
dv/dt  = (ge+gi-(v-El))/taum : volt (unless refractory)
dge/dt = -ge/taue : volt
dgi/dt = -gi/taui : volt
''', threshold='v>Vt', reset='v = Vr', refractory=5*ms, method='exact')
P.v = 'Vr + (i*7 % 40)/40 * (Vt - Vr)'
P.ge = 0*mV
P.gi = 0*mV
we = 5*mV
wi = -9*mV
Ce = Synapses(P, P, on_pre='ge += we')
Ci = Synapses(P, P, on_pre='gi += wi')
Ce.connect('i < 32 and (3*i + 5*j) % 11 == 0')
Ci.connect('i >= 32 and (3*i + 5*j) % 7 == 0')
s_mon = SpikeMonitor(P)
M = StateMonitor(P, 'v', record=True, dt=1*ms)
run(100*ms)
""",
        [("P", "v", "P")],
    ),
    "Izhikevich_2007": (
        """
neuron cell:
    equations:
        dv/dt = (ge * (0 mV - v) + -74 mV - v) / (10 ms) : volt
        dge/dt = -ge / (5 ms) : 1
    threshold: v > -54 mV
    reset: v = -60 mV
    method: euler
    initial: v = -60 mV
rule rewarded:
    ports:
        reward
    parameters:
        mode = 0
        gmax = 0.01
        dApre = 1e-4
        dApost = -1.05e-4
        tauc = 1000 ms
        taud = 200 ms
        taus = 1 ms
    equations:
        ds/dt = mode * c * d / taus : 1
        dc/dt = -c / tauc : 1
        dd/dt = -d / taud : 1
        dpretr/dt = -pretr / (20 ms) : 1
        dposttr/dt = -posttr / (20 ms) : 1
    method: euler
    on pre:
        deliver s
        pretr += dApre
        c = clip(c + mode * posttr, -gmax, gmax)
        s = clip(s + (1-mode) * posttr, -gmax, gmax)
    on post:
        posttr += dApost
        c = clip(c + mode * pretr, -gmax, gmax)
        s = clip(s + (1-mode) * pretr, -gmax, gmax)
    on reward: d += 5e-3 * reward
layer spike_input:
    spikes: [(0, 50 ms), (1, 55 ms), (0, 100 ms), (1, 101 ms), (1, 150 ms), (0, 151 ms),
             (0, 350 ms), (1, 355 ms), (0, 400 ms), (1, 401 ms), (1, 450 ms), (0, 451 ms)]
    size: 2
layer neurons:
    neuron: cell
    size: 2
layer dopamine:
    spikes: [(0, 352 ms), (0, 402 ms), (0, 452 ms)]
    size: 1
connect spike_input -> neurons as synapse:
    pattern: one_to_one
    on pre: v_post += 100 mV
connect neurons -> neurons as stdp:
    pattern: all_to_all where i == 0 and j == 1
    plasticity: rewarded(reward = spikes of dopamine)
    deliver: s to ge
    initial:
        s = 1e-10
        c = 1e-10
record:
    spikes of neurons
    s, c, d of stdp every 1 ms
    v of neurons every 1 ms
run:
    phases:
        classical: 300 ms
        modulated: 200 ms, set stdp.mode = 1
""",
        """
simulation_duration = 6 * second
taum = 10*ms
Ee = 0*mV
vt = -54*mV
vr = -60*mV
El = -74*mV
taue = 5*ms
taupre = 20*ms
taupost = taupre
gmax = .01
dApre = 1e-4
dApost = -1.05e-4
tauc = 1000*ms
taud = 200*ms
taus = 1*ms
epsilon_dopa = 5e-3
input_indices = array([0, 1, 0, 1, 1, 0, 0, 1, 0, 1, 1, 0])
input_times = array([50, 55, 100, 101, 150, 151, 350, 355, 400, 401, 450, 451])*ms
spike_input = SpikeGeneratorGroup(2, input_indices, input_times)
neurons = NeuronGroup(2, '''dv/dt = (ge * (Ee-v) + El - v) / taum : volt
                            dge/dt = -ge / taue : 1''',
                      threshold='v>vt', reset='v = vr', method='euler')
neurons.v = vr
neurons_monitor = SpikeMonitor(neurons)
synapse = Synapses(spike_input, neurons, model='''s: volt''', on_pre='v += s')
synapse.connect(i=[0, 1], j=[0, 1])
synapse.s = 100. * mV
stdp = Synapses(neurons, neurons,
                   model='''mode: 1
                         dc/dt = -c / tauc : 1 (clock-driven)
                         dd/dt = -d / taud : 1 (clock-driven)
                         ds/dt = mode * c * d / taus : 1 (clock-driven)
                         dApre/dt = -Apre / taupre : 1 (event-driven)
                         dApost/dt = -Apost / taupost : 1 (event-driven)''',
                   on_pre='''ge += s
                          Apre += dApre
                          c = clip(c + mode * Apost, -gmax, gmax)
                          s = clip(s + (1-mode) * Apost, -gmax, gmax)
                          ''',
                   on_post='''Apost += dApost
                          c = clip(c + mode * Apre, -gmax, gmax)
                          s = clip(s + (1-mode) * Apre, -gmax, gmax)
                          ''',
                   method='euler')
stdp.connect(i=0, j=1)
stdp.mode = 0
stdp.s = 1e-10
stdp.c = 1e-10
stdp.d = 0
M = StateMonitor(stdp, ['s', 'c', 'd'], record=[0], dt=1*ms)
Mv = StateMonitor(neurons, 'v', record=True, dt=1*ms)
dopamine = SpikeGeneratorGroup(1, [0, 0, 0], array([352, 402, 452])*ms)
reward = Synapses(dopamine, stdp, model='''''', on_pre='''d_post += epsilon_dopa''',
                  method='exact')
reward.connect()
stdp.mode = 0
run(300*ms)
stdp.mode = 1
run(200*ms)
""",
        [
            ("stdp", "s", "stdp"),
            ("stdp", "c", "stdp"),
            ("stdp", "d", "stdp"),
            ("neurons", "v", "neurons"),
        ],
    ),
    "licklider": (
        """
constants:
    tau_ear = 1 ms
    tau = 1 ms
    min_freq = 50 Hz
    max_freq = 1000 Hz
neuron receptor:
    equations:
        dx/dt = (heard-x)/tau_ear : 1 (unless refractory)
        heard = 5*sin(2*pi*frequency*t)**3 : 1
        frequency = (200 + 200*t*(1 Hz))*(1 Hz) : Hz
    threshold: x > 1
    reset: x = 0
    refractory: 2 ms
    method: euler
neuron detector:
    equations:
        dv/dt = -v/tau : 1
    threshold: v > 1
    reset: v = 0
    method: euler
layer receptors:
    neuron: receptor
    size: 2
layer detectors:
    neuron: detector
    size: 30
connect receptors -> detectors as synapses:
    pattern: all_to_all
    on pre: v_post += 0.6
    delay: i*1.0/exp(log(min_freq/1 Hz)+(j*1.0/(N_post-1))*log(max_freq/min_freq)) * 1 second
record:
    spikes of receptors, detectors
    v of detectors every 1 ms
run:
    duration: 60 ms
    dt: 0.02 ms
""",
        """
defaultclock.dt = .02 * ms
tau_ear = 1*ms
receptors = NeuronGroup(2, '''
dx/dt = (sound-x)/tau_ear : 1 (unless refractory)
sound = 5*sin(2*pi*frequency*t)**3 : 1 # nonlinear distortion
frequency = (200+200*t*Hz)*Hz : Hz # increasing pitch
''', threshold='x>1', reset='x=0', refractory=2*ms, method='euler')
min_freq = 50*Hz
max_freq = 1000*Hz
num_neurons = 30
tau = 1*ms
neurons = NeuronGroup(num_neurons, 'dv/dt = -v/tau : 1', threshold='v>1', reset='v=0',
                      method='euler')
synapses = Synapses(receptors, neurons, on_pre='v += 0.6')
synapses.connect()
synapses.delay = 'i*1.0/exp(log(min_freq/Hz)+(j*1.0/(num_neurons-1))*log(max_freq/min_freq))*second'
M1 = SpikeMonitor(receptors)
M2 = SpikeMonitor(neurons)
M3 = StateMonitor(neurons, 'v', record=True, dt=1*ms)
run(60*ms)
""",
        [("detectors", "v", "neurons")],
    ),
    "custom_events": (
        f"""
neuron cell:
    equations:
        dv/dt = (g-v)/(50 ms) : 1
        dg/dt = -g/(10 ms) : 1
        allow_gspike : boolean
    threshold: v > 0.2
    reset:
        v = 0
        g = 0
        allow_gspike = true
    event gspike: g > 1 and allow_gspike
    on gspike: allow_gspike = false
    method: euler
    initial: allow_gspike = true
neuron follower:
    equations: dv/dt = -v/(5 ms) : 1
    threshold: v > 1
    reset: v = 0
layer P:
    spikes: [{LISTED}]
    size: 6
layer G:
    neuron: cell
    size: 1
layer H:
    neuron: follower
    size: 1
connect P -> G as SPG:
    pattern: all_to_all
    on pre: g_post += 0.5
connect G -> H as SGH:
    pattern: all_to_all
    on gspike pre: v_post = 0.9
    on pre: v_post += 0.8
record:
    spikes of H
    gspike of G
    v, g of G every 0.1 ms
    v of H every 0.1 ms
run:
    duration: 60 ms
""",
        f"""
G = NeuronGroup(1, model='''
dv/dt = (g-v)/(50*ms) : 1
dg/dt = -g/(10*ms) : 1
allow_gspike : boolean
''', threshold='v > 0.2', reset='''
v = 0
g = 0
allow_gspike = True
''', events={{'gspike': 'g > 1 and allow_gspike'}}, method='euler')
G.allow_gspike = True
G.run_on_event('gspike', 'allow_gspike = False')
H = NeuronGroup(1, 'dv/dt = -v/(5*ms) : 1', threshold='v > 1', reset='v = 0', method='exact')
P = {GIVEN}
SPG = Synapses(P, G, on_pre='g += 0.5')
SPG.connect()
SGH = Synapses(G, H, on_pre={{'g_path': 'v_post = 0.9', 'pre': 'v_post += 0.8'}},
               on_event={{'g_path': 'gspike'}})
SGH.connect()
MG = StateMonitor(G, ('v', 'g'), record=True)
MH = StateMonitor(H, 'v', record=True)
S = SpikeMonitor(H)
E = EventMonitor(G, 'gspike')
run(60*ms)
""",
        [("G", "v", "G"), ("G", "g", "G"), ("H", "v", "H")],
    ),
    "Maass_Natschlaeger_Markram_2002": (
        f"""
constants:
    excitatory = 20
neuron cell:
    parameters:
        tau_mem = 30 ms
        R_in = 1 Mohm
        I_b = 13.5 nA
    equations:
        I_ee : ampere
        I_ei : ampere
        I_ie : ampere
        I_ii : ampere
        dI_stimulus/dt = -I_stimulus/(3 ms) : ampere
        dv/dt = (R_in*I - v)/tau_mem : volt (unless refractory)
        I = I_ee + I_ei + I_ie + I_ii + I_b + I_stimulus : ampere
    threshold: v > 15 mV
    reset: v = 13.5 mV
    refractory: 3 ms
    initial: v = 13.5 mV + 1.5 mV * i/N
rule stp:
    parameters:
        tau_I = 3 ms
        strength = 30 nA
        release = 0.5
        recovery = 1.1 second
        facilitation = 0.05 second
    equations:
        w : ampere
        U : 1
        D : second
        F : second
        dx/dt = z/D : 1
        dy/dt = -y/tau_I : 1
        z = 1 - x - y : 1
        du/dt = -u/F : 1
    initial:
        U = release*(0.8 + 0.1*N_outgoing/N_incoming)
        D = recovery*(1 + U)
        F = facilitation*(1 + U)
        w = strength*U/release
        x = 1
    on pre:
        u += U*(1 - u)
        y += u*x
        x += -u*x
layer stimulus:
    spikes: [{LISTED}]
    size: 6
layer cells:
    neuron: cell
    size: 27
connect stimulus -> cells[:excitatory] as to_exc:
    pattern: all_to_all
    weight: 18 nA
    deliver: w to I_stimulus
connect stimulus -> cells[excitatory:] as to_inh:
    pattern: all_to_all
    weight: 9 nA
    deliver: w to I_stimulus
connect cells[:excitatory] -> cells[:excitatory] as ee:
    pattern: all_to_all where (7*i + 11*j) % 10 < 6*exp(-((i % 3 - j % 3)/4)**2)
    plasticity: stp(tau_I = 3 ms, strength = 30 nA, release = 0.5, recovery = 1100 ms,
        facilitation = 50 ms)
    deliver continuously: w*y to I_ee
    delay: 1.5 ms
connect cells[:excitatory] -> cells[excitatory:] as ei:
    pattern: all_to_all where (7*i + 11*j) % 10 < 4*exp(-((i % 3 - j % 3)/4)**2)
    plasticity: stp(tau_I = 3 ms, strength = 60 nA, release = 0.05, recovery = 125 ms,
        facilitation = 1200 ms)
    deliver continuously: w*y to I_ei
    delay: 0.8 ms
connect cells[excitatory:] -> cells[:excitatory] as ie:
    pattern: all_to_all where (7*i + 11*j) % 10 < 8*exp(-((i % 3 - j % 3)/4)**2)
    plasticity: stp(tau_I = 6 ms, strength = -19 nA, release = 0.25, recovery = 700 ms,
        facilitation = 20 ms)
    deliver continuously: w*y to I_ie
    delay: 0.8 ms
connect cells[excitatory:] -> cells[excitatory:] as ii:
    pattern: all_to_all where (7*i + 11*j) % 10 < 3*exp(-((i % 3 - j % 3)/4)**2)
    plasticity: stp(tau_I = 6 ms, strength = -19 nA, release = 0.32, recovery = 144 ms,
        facilitation = 60 ms)
    deliver continuously: w*y to I_ii
    delay: 0.8 ms
record:
    spikes of cells
    v of cells[3:9] every 0.1 ms
    x, y, u of ei every 1 ms
run:
    duration: 60 ms
""",
        f"""
neurons = NeuronGroup(27, '''
I_ee : ampere
I_ei : ampere
I_ie : ampere
I_ii : ampere
dI_stimulus/dt = -I_stimulus/(3*ms) : ampere
dv/dt = (R_in*I - v)/tau_mem : volt (unless refractory)
I = I_ee + I_ei + I_ie + I_ii + I_b + I_stimulus : ampere
''', threshold='v > 15*mV', reset='v = 13.5*mV', refractory=3*ms, method='exact',
    namespace={{'tau_mem': 30*ms, 'R_in': 1*Mohm, 'I_b': 13.5*nA}})
neurons.v = '13.5*mV + 1.5*mV*i/N'
parts = []
def connected(name, first, last, C, tau_I, strength, release, recovery, facilitation, delay):
    s = Synapses(first, last, '''
    w : ampere
    U : 1
    D : second
    F : second
    dx/dt = z/D : 1 (clock-driven)
    dy/dt = -y/tau_I : 1 (clock-driven)
    z = 1 - x - y : 1
    du/dt = -u/F : 1 (clock-driven)
    I_%s_post = w*y : ampere (summed)
    ''' % name, on_pre='''
    u += U*(1 - u)
    y += u*x
    x += -u*x
    ''', method='exact', delay=delay, name=name, namespace={{'tau_I': tau_I}})
    start, stop = first.start, last.start
    i, j = np.indices((len(first), len(last)))
    i, j = i + start, j + stop
    near = (7*i + 11*j) % 10 < 10*C*np.exp(-((i % 3 - j % 3)/4)**2)
    s.connect(i=i[near] - start, j=j[near] - stop)
    out = np.bincount(s.i[:], minlength=len(first))[s.i[:]]
    into = np.bincount(s.j[:], minlength=len(last))[s.j[:]]
    s.U = release*(0.8 + 0.1*out/into)
    s.D = recovery*(1 + s.U[:])
    s.F = facilitation*(1 + s.U[:])
    s.w = strength*s.U[:]/release
    s.x = 1
    for updater in s.summed_updaters.values():
        updater.order = -2  # as into a whole group
    parts.append(s)
    return s
ee = connected('ee', neurons[:20], neurons[:20], 0.6, 3*ms, 30*nA, 0.5, 1100*ms, 50*ms, 1.5*ms)
ei = connected('ei', neurons[:20], neurons[20:], 0.4, 3*ms, 60*nA, 0.05, 125*ms, 1200*ms, 0.8*ms)
ie = connected('ie', neurons[20:], neurons[:20], 0.8, 6*ms, -19*nA, 0.25, 700*ms, 20*ms, 0.8*ms)
ii = connected('ii', neurons[20:], neurons[20:], 0.3, 6*ms, -19*nA, 0.32, 144*ms, 60*ms, 0.8*ms)
stimulus = {GIVEN}
to_exc = Synapses(stimulus, neurons[:20], on_pre='I_stimulus += 18*nA')
to_exc.connect()
to_inh = Synapses(stimulus, neurons[20:], on_pre='I_stimulus += 9*nA')
to_inh.connect()
S = SpikeMonitor(neurons)
M = StateMonitor(neurons[3:9], 'v', record=True)
M_ei = StateMonitor(ei, ('x', 'y', 'u'), record=True, dt=1*ms)
shown = neurons[3:9]
net = Network(neurons, parts, stimulus, to_exc, to_inh, S, M, M_ei)
net.run(60*ms)
""",
        [("ei", "x", "ei"), ("ei", "y", "ei"), ("ei", "u", "ei")],
    ),
}
