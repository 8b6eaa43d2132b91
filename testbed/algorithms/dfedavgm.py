"""DFedAvgM: Sun, Li and Wang, "Decentralized Federated Averaging", IEEE TPAMI 2022.

Sends the model after its local steps; keeps nothing, as momentum begins at zero in every round. One-way links bias what
it converges to. The weight of a lost message stays with the receiver's own model.

Without algorithm.momentum it is .9 (our choice; the paper has several).
"""

from testbed.algorithms.atc import ATC


class DFedAvgM(ATC):
    """K = `local_steps` steps of the heavy ball with momentum b from y_0 = y_-1 = x on, then mixing:

    y_k+1 = y_k - lr g(y_k) + b (y_k - y_k-1),    x_i+ = sum_j a_ij y_K,j
    """

    title = "DFedAvgM"
    modes = ("barrier", "local")
    default_momentum = 0.9
    restarts = True
