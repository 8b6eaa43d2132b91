"""Many runs: airs to record and cells to run, side by side, each once."""

from testbed.campaign.doing import Done
from testbed.campaign.engine import Ended, Engine
from testbed.campaign.job import Air, Cell, Job
from testbed.campaign.jobs import Jobs
from testbed.campaign.local import LocalEngine
from testbed.campaign.store import Store
from testbed.campaign.work import Listener, work

__all__ = ["Air", "Cell", "Done", "Ended", "Engine", "Job", "Jobs", "Listener", "LocalEngine", "Store", "work"]
