"""The `replay` network with `replay = "links"`: the recorded links decide, and every message is timed anew.

`docs/replay.md` states what that means. From the bottom up: `radio` (how long frames last, when they are lost), `index`
and `timeline` (which links there are when), `snapshot` (the links of an instant), `air` (who hears which frame),
`broadcast` (what is sent for a message), `traffic` (all of it, moved forward), `network` and `medium` (what the session
asks).
"""

from testbed.network.links.medium import LinksMedium
from testbed.network.links.network import LinksNetwork

__all__ = ["LinksMedium", "LinksNetwork"]
