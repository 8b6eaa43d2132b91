"""Two houses stand among the devices: what passes through one of them loses 12 dB, beside the loss of the scenario."""

HOUSES = [(10, 28, 10, 50), (32, 50, 10, 50)]  # x from, to, y from, to, in metres
HEIGHT_M = 6
THROUGH_DB = 12.0

LOSS = """
#include "ns3/building-list.h"

class HouseLoss : public ns3::PropagationLossModel
{
  public:
    explicit HouseLoss(double through_db) : m_through_db(through_db) {}

  private:
    double m_through_db;

    double DoCalcRxPower(double dbm, ns3::Ptr<ns3::MobilityModel> a, ns3::Ptr<ns3::MobilityModel> b) const override
    {
        for (auto house = ns3::BuildingList::Begin(); house != ns3::BuildingList::End(); ++house) {
            if ((*house)->IsIntersect(a->GetPosition(), b->GetPosition())) {
                dbm -= m_through_db;
            }
        }
        return dbm;
    }

    int64_t DoAssignStreams(int64_t) override { return 0; }
};
"""


def setup(ns, nodes, devices, channel):
    """Build the houses, and put their loss before the losses that the channel has already."""
    for x_from, x_to, y_from, y_to in HOUSES:
        house = ns.CreateObject[ns.Building]()
        house.SetBoundaries(ns.Box(x_from, x_to, y_from, y_to, 0, HEIGHT_M))
    if not hasattr(ns.cppyy.gbl, "HouseLoss"):  # the file may be executed more than once, the class be made only once
        ns.cppyy.cppdef(LOSS)
    loss = ns.CreateObject[ns.cppyy.gbl.HouseLoss](THROUGH_DB)
    others = ns.PointerValue()
    channel.GetAttribute("PropagationLossModel", others)
    loss.SetNext(others.Get[ns.PropagationLossModel]())
    channel.SetPropagationLossModel(loss)
