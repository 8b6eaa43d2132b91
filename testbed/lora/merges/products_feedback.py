"""Means of products with error feedback: what is cut off is not lost."""

from testbed.lora.merges.products import Products


class ProductsFeedback(Products):
    """dW_i = mean_j B_j A_j + E_i, cut to the own rank, and E_i the rest: error feedback as of compressed messages.

    With a linear mean and doubly stochastic weights the sum of B A + E over all devices is that of the B A that were
    mixed and the E before, so nothing is lost of it on the way. A direction that a device has no room for gathers in
    its E until it is the strongest; then it takes the place of another. One that has no room for any keeps nothing
    back, or all would end in its E. A device that heard nobody keeps its E. Memory beside that of `products`: 4 bytes x
    devices x inputs x outputs of all layers, kept, and stored with the state.
    """

    title = "means of products with error feedback"
    feedback = True
