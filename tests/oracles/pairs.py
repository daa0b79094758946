"""Pair-based rules, from their papers' equations."""

from __future__ import annotations

import numpy as np

from oracles.trains import Event, Parameters, memoryless, nearest, summed


@memoryless
def additive(event: Event, p: Parameters, w: float) -> float:
    """Song, Miller & Abbott (2000): every pair adds Apre exp(-lag/taupre) where pre leads, Apost
    exp(-lag/taupost) where post leads; hard bounds."""
    if event.kind == "pre":
        w += p.Apost * summed(event.post, p.taupost)
    else:
        w += p.Apre * summed(event.pre, p.taupre)
    return np.clip(w, 0, p.wmax)


@memoryless
def symmetric(event: Event, p: Parameters, w: float) -> float:
    """A window that is even in the lag, a centre and a surround, with hard bounds."""
    other = event.post if event.kind == "pre" else event.pre
    w += p.Acentre * summed(other, p.taucentre) + p.Asurround * summed(other, p.tausurround)
    return np.clip(w, 0, p.wmax)


@memoryless
def multiplicative(event: Event, p: Parameters, w: float) -> float:
    """Rubin, Lee & Sompolinsky (2001): eta (1 - x) for potentiation, -eta alpha x for depression,
    of x = w/wmax."""
    x = w / p.wmax
    if event.kind == "pre":
        x -= p.eta * p.alpha * x * summed(event.post, p.tau_minus)
    else:
        x += p.eta * (1 - x) * summed(event.pre, p.tau_plus)
    return np.clip(x, 0, 1) * p.wmax


@memoryless
def mixed(event: Event, p: Parameters, w: float) -> float:
    """van Rossum, Bi & Turrigiano (2000), without its noise: +c_p per pair, or -c_d w."""
    if event.kind == "pre":
        w -= p.c_d * w * summed(event.post, p.tau_minus)
    else:
        w += p.c_p * summed(event.pre, p.tau_plus)
    return max(w, 0.0)


@memoryless
def guetig(event: Event, p: Parameters, w: float) -> float:
    """Guetig et al. (2003), with an exponent for each side as in Morrison et al. (2008)."""
    x = w / p.wmax
    if event.kind == "pre":
        x -= p.eta * p.alpha * x**p.mu_minus * summed(event.post, p.tau_minus)
    else:
        x += p.eta * (1 - x) ** p.mu_plus * summed(event.pre, p.tau_plus)
    return np.clip(x, 0, 1) * p.wmax


@memoryless
def power_law(event: Event, p: Parameters, w: float) -> float:
    """Morrison, Aertsen & Diesmann (2007): eta w0^(1-mu) w^mu, or -eta alpha w."""
    if event.kind == "pre":
        w -= p.eta * p.alpha * w * summed(event.post, p.tau_minus)
    else:
        w += p.eta * p.w0 ** (1 - p.mu) * w**p.mu * summed(event.pre, p.tau_plus)
    return max(w, 0.0)


@memoryless
def nearest_symmetric(event: Event, p: Parameters, w: float) -> float:
    """Morrison et al. (2008), fig. 7A: each spike pairs with the last spike of the other side."""
    if event.kind == "pre":
        w += p.Apost * nearest(event.post, p.taupost)
    else:
        w += p.Apre * nearest(event.pre, p.taupre)
    return np.clip(w, 0, p.wmax)


@memoryless
def nearest_pre_centred(event: Event, p: Parameters, w: float) -> float:
    """Fig. 7B: each pre spike pairs with the last post spike before it and the first after it."""
    if event.kind == "pre":
        w += p.Apost * nearest(event.post, p.taupost)
    else:
        w += p.Apre * summed(since_last(event, "pre"), p.taupre)
    return np.clip(w, 0, p.wmax)


@memoryless
def nearest_reduced(event: Event, p: Parameters, w: float) -> float:
    """Fig. 7C: only immediate neighbours pair, with no spike of either side between them."""
    if event.kind == "pre":
        w += p.Apost * nearest(since_last(event, "post"), p.taupost)
    else:
        w += p.Apre * nearest(since_last(event, "pre"), p.taupre)
    return np.clip(w, 0, p.wmax)


def since_last(event: Event, side: str) -> np.ndarray:
    """The ages of the spikes of `side` that came after the last spike of the other side."""
    ages = getattr(event, side)
    others = event.post if side == "pre" else event.pre
    if not len(others):
        return ages
    return ages[ages < others[-1]] if side == event.first else ages[ages <= others[-1]]


@memoryless
def vogels(event: Event, p: Parameters, w: float) -> float:
    """Vogels et al. (2011): every pair adds eta exp(-|lag|/tau), every pre spike -eta alpha, where
    alpha = 2 rho0 tau."""
    if event.kind == "pre":
        w += p.eta * (summed(event.post, p.tau) - 2 * p.rho0 * p.tau)
    else:
        w += p.eta * summed(event.pre, p.tau)
    return np.clip(w, 0, p.wmax)


@memoryless
def jonke(event: Event, p: Parameters, w: float) -> float:
    """NEST's general form: eta (exp(mu_plus w) K - offset), or
    -eta (alpha exp(mu_minus w) K + offset)."""
    if event.kind == "pre":
        kernel = summed(event.post, p.tau_minus)
        w += p.eta * (-p.alpha * np.exp(p.mu_minus * w) * kernel - p.offset)
    else:
        w += p.eta * (np.exp(p.mu_plus * w) * summed(event.pre, p.tau_plus) - p.offset)
    return np.clip(w, 0, p.wmax)


@memoryless
def diehl_cook(event: Event, p: Parameters, w: float) -> float:
    """Diehl & Cook (2015), eq. 2: post spikes alone, eta (x - x_tar) (wmax - w)^mu; x is 1 per pre
    spike, decaying."""
    if event.kind == "post":
        w += p.eta * (summed(event.pre, p.tau) - p.x_tar) * (p.wmax - w) ** p.mu
    return np.clip(w, 0, p.wmax)


@memoryless
def diehl_cook_triplet(event: Event, p: Parameters, w: float) -> float:
    """The paper's simulation code: nearest-spike traces; a post spike potentiates in proportion to
    its second trace as it was before."""
    if event.kind == "pre":
        w -= p.eta_minus * nearest(event.post, p.tau_minus)
    else:
        w += p.eta_plus * nearest(event.pre, p.tau_plus) * nearest(event.post, p.tau_y)
    return np.clip(w, 0, p.wmax)
