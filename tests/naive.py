"""Oracles: every definition once more, as the loop one would say aloud. Nothing here comes from minidst.

A sparse matrix is a dict {(i, j): weight}; connections are pairs (i, j) in row-major order. Everything is a Python
float, so float64, and 0·inf is nan without a warning.
"""

from fractions import Fraction
from math import floor, sqrt

import numpy as np


def spmm(n_out, W, X):
    """Y[i, b] = Σ_j W[i, j] · X[j, b] over the connections that exist."""
    X = [[float(x) for x in row] for row in X]
    Y = np.zeros((n_out, len(X[0])))
    for (i, j), w in W.items():
        for b in range(len(X[0])):
            Y[i, b] = float(Y[i, b]) + w * X[j][b]
    return Y


def spmm_t(n_in, W, DY):
    """DX[j, b] = Σ_i W[i, j] · DY[i, b] over the connections that exist."""
    return spmm(n_in, {(j, i): w for (i, j), w in W.items()}, DY)


def sddmm(connections, DY, X):
    """DW[e] = Σ_b DY[i, b] · X[j, b] for the connections e = (i, j) listed."""
    DY, X = [[float(d) for d in row] for row in DY], [[float(x) for x in row] for row in X]
    DW = []
    for i, j in connections:
        total = 0.0
        for b in range(len(X[0])):
            total += DY[i][b] * X[j][b]
        DW.append(total)
    return np.array(DW)


def dense_gradient(DY, X):
    """∇[i, j] = Σ_b DY[i, b] · X[j, b] for every pair, connected or not."""
    pairs = [(i, j) for i in range(len(DY)) for j in range(len(X))]
    return sddmm(pairs, DY, X).reshape(len(DY), len(X))


def magnitudes(W):
    """|W|, for the bound on rounding errors of a product: Σ |w|·|x| times `gamma`."""
    return {ij: abs(w) for ij, w in W.items()}


def gamma(n, dtype):
    """γ_n = nu/(1 − nu): a sum of n products, in any order, is off by at most γ_n·Σ|w·x| (Higham, section 3.1)."""
    u = float(np.finfo(dtype).eps) / 2
    return n * u / (1 - n * u)


def k_smallest(scores, k):
    """Positions of the k smallest scores, the earlier position first among equal scores; in order of position."""
    by_score = sorted(range(len(scores)), key=lambda p: (scores[p], p))
    return sorted(by_score[: max(k, 0)])


def k_largest(scores, k):
    """Positions of the k largest scores, the earlier position first among equal scores; in order of position."""
    by_score = sorted(range(len(scores)), key=lambda p: (-scores[p], p))
    return sorted(by_score[: max(k, 0)])


def l1(H):
    """Σ_b |H[a, b]| for every unit a."""
    return [sum(abs(float(x)) for x in row) for row in H]


def l2(H):
    """√(Σ_b H[a, b]²) for every unit a."""
    return [sqrt(sum(float(x) * float(x) for x in row)) for row in H]


def signed(H, s):
    """|Σ_b s_b · H[a, b]| for every unit a."""
    return [abs(sum(float(sign) * float(x) for sign, x in zip(s, row, strict=True))) for row in H]


def sgd(w, grads, lr, momentum, weight_decay, nesterov):
    """w and velocity after one step for each gradient in `grads`, from velocity 0."""
    w, velocity = [float(x) for x in w], [0.0] * len(w)
    for grad in grads:
        for e in range(len(w)):
            g = float(grad[e]) + weight_decay * w[e]
            velocity[e] = momentum * velocity[e] + g
            if nesterov:
                w[e] = w[e] - lr * (g + momentum * velocity[e])
            else:
                w[e] = w[e] - lr * velocity[e]
    return w, velocity


def adam(w, grads, lr, beta1, beta2, epsilon, weight_decay):
    """w, m and v after one step for each gradient in `grads`, from m = v = 0; the decay is decoupled (AdamW)."""
    w, m, v = [float(x) for x in w], [0.0] * len(w), [0.0] * len(w)
    for t, grad in enumerate(grads, start=1):
        for e in range(len(w)):
            g = float(grad[e])
            m[e] = beta1 * m[e] + (1 - beta1) * g
            v[e] = beta2 * v[e] + (1 - beta2) * g * g
            m_hat, v_hat = m[e] / (1 - beta1**t), v[e] / (1 - beta2**t)
            w[e] = w[e] - lr * weight_decay * w[e] - lr * m_hat / (sqrt(v_hat) + epsilon)
    return w, m, v


def is_largest_remainder(counts, exact):
    """Every share rounded down or up, none of the sum lost, and no fraction rounded up that is below one rounded down.

    Fractions closer than 10⁻⁶ count as equal: who of equals gets the last connection is left open.
    """
    up = [share - floor(share) for count, share in zip(counts, exact, strict=True) if count == floor(share) + 1]
    down = [share - floor(share) for count, share in zip(counts, exact, strict=True) if count == floor(share)]
    whole = len(up) + len(down) == len(counts) and sum(counts) == sum(exact)
    return whole and (not up or not down or min(up) >= max(down) - Fraction(1, 10**6))


def rewire(W, drop, born):
    """(A ∖ P) ∪ G: W without the connections `drop`, a set of (i, j), and with those of `born`, {(i, j): weight}."""
    after = {ij: w for ij, w in W.items() if ij not in drop}
    for ij, w in born.items():
        assert ij not in after, f"{ij} is active"
        after[ij] = w
    return dict(sorted(after.items()))


def absent(n, taken):
    """Every key below n that is not taken, in order."""
    return sorted(set(range(n)) - set(taken))


def best(S, nabla, k):
    """The k keys of S with the largest |∇|, the smaller key first among equals; sorted. nabla: a number by key."""
    S = sorted(S)
    return [S[p] for p in k_largest([abs(nabla[e]) for e in S], k)]


def prune_then_grow(theta, nabla, k, *, regrow_pruned, S=None):
    """Prune k by |θ|, grow k of S by |∇|: (keys active afterwards, grown keys). theta: {key: θ}; S None: any key."""
    pruned = sorted(theta, key=lambda e: (abs(theta[e]), e))[:k]
    excluded = set(theta) - set(pruned) if regrow_pruned else set(theta)
    grown = best([e for e in (range(len(nabla)) if S is None else S) if e not in excluded], nabla, k)
    leaving = [e for e in pruned if e not in grown]
    returning = len(pruned) - len(leaving)
    leaving = leaving[: len(grown) - returning]  # where too few can be grown, the best of the pruned stay
    return sorted((set(theta) - set(leaving)) | set(grown)), grown


def srigl(theta, nabla, budget, fraction, gamma, ablates, may_return):
    """{(i, j)} active after SRigL's update of one layer. theta: {(i, j): θ}; nabla: (n_out, n_in)."""
    n_in = nabla.shape[1]
    neurons = sorted({i for i, _ in theta})
    k = len(theta) // len(neurons)
    absent = [(i, j) for i in neurons for j in range(n_in) if (i, j) not in theta]
    if not absent:
        return set(theta)
    K = int(fraction * len(theta))
    dropped = set(sorted(theta, key=lambda e: (abs(theta[e]), e))[:K])
    if ablates:
        salient = (set(theta) - dropped) | set(sorted(absent, key=lambda e: (-abs(nabla[e]), e))[:K])
        count = {i: sum(e[0] == i for e in salient) for i in neurons}
        by_rank = sorted(neurons, key=lambda i: (-count[i], i))
        staying = [i for i in by_rank if count[i] >= max(1, int(gamma * k))]
        while not staying or budget // len(staying) > n_in:
            staying.append(by_rank[len(staying)])
        neurons = staying
    fan_in = budget // len(neurons)
    after = set()
    for i in neurons:
        kept = sorted((e for e in theta if e[0] == i and e not in dropped), key=lambda e: (-abs(theta[e]), e))[:fan_in]
        others = [(i, j) for j in range(n_in) if (i, j) not in kept]
        rank = {e: 1 if e in theta and not may_return else -abs(nabla[e]) for e in others}
        after |= {*kept, *sorted(others, key=lambda e: (rank[e], e))[: fan_in - len(kept)]}
    return after


def shares(total, weights, room):
    """min(room_l, ε·w_l), fractions with the sum `total`: raise ε until it is reached. None if all of w > 0 is full."""
    if total > sum(r for w, r in zip(weights, room, strict=True) if w > 0):
        return None
    share, full = [Fraction(0)] * len(room), {l for l, w in enumerate(weights) if w == 0}
    left = Fraction(total)
    while left > 0:
        epsilon = left / sum(weights[l] for l in range(len(room)) if l not in full)
        over = {l for l in range(len(room)) if l not in full and epsilon * weights[l] > room[l]}
        if not over:
            return [s if l in full else epsilon * weights[l] for l, s in enumerate(share)]
        for l in over:
            share[l] = Fraction(room[l])
            left -= room[l]
        full |= over
    return share


def are_shares(counts, weights, room):
    """Integers within one of the exact shares, none above its room, nothing for w = 0 before the others are full."""
    exact = shares(sum(counts), weights, room)
    if exact is None:
        near = all(n == r for n, w, r in zip(counts, weights, room, strict=True) if w > 0)
    else:
        near = all(abs(n - s) < 1 for n, s in zip(counts, exact, strict=True))
    return near and all(0 <= n <= r for n, r in zip(counts, room, strict=True))


def splitmix64(seed, n):
    """Output number n = 1, 2, … of the SplitMix64 generator (Steele et al. 2014)."""
    low = 2**64 - 1
    z = (seed + n * 0x9E3779B97F4A7C15) & low
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & low
    z = (z ^ z >> 27) * 0x94D049BB133111EB & low
    return z ^ z >> 31
