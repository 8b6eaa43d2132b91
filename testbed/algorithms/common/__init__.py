"""What algorithms are made of: the base class, the bytes of a message, the hypernetworks."""
