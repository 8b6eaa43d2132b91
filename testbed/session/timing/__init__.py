"""When things happen in the event-driven modes: all of it decided without training, torch or ns-3.

What devices compute changes no time and no message's size, so the order of events is one pass (`timeline`, with
`local` and `pairs` for the modes) and what they learn another, which follows its `acts`.
"""

from testbed.session.timing.acts import Act, Drop, Mix, Send, Train, Trained
from testbed.session.timing.local import Local
from testbed.session.timing.pairs import Pairs
from testbed.session.timing.timeline import Timeline
from testbed.session.timing.values import Period, Setting

__all__ = ["Act", "Drop", "Local", "Mix", "Pairs", "Period", "Send", "Setting", "Timeline", "Train", "Trained"]
