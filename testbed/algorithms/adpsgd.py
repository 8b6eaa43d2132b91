"""AD-PSGD: Lian et al., "Asynchronous Decentralized Parallel Stochastic Gradient Descent", ICML 2018.

Sends the model, to the neighbour that it meets; keeps nothing. Mode `async` alone: who meets whom, and when, is decided
there, and only devices that hear each other meet. Where one of the two models is lost, one device has averaged and the
other has not, so that the mean moves.

Our reading is that of mode `async`: the average takes messages and time, where the paper has it happen at once; and a
device takes its updates just before it meets somebody, where alg. 1 has them just after.
"""

from testbed.algorithms.dpsgd import DPSGD


class ADPSGD(DPSGD):
    """x_i -= lr g_i(x_i as it was when the training began), then x_i+ = (x_i + x_j) / 2 with a random neighbour j"""

    title = "AD-PSGD"
    modes = ("async",)
    symmetric = "no"
