#include "mobility.h"

#include "guided.h"
#include "timetable.h"

#include "ns3/constant-position-mobility-model.h"
#include "ns3/node-list.h"
#include "ns3/wifi-net-device.h"
#include "ns3/wifi-phy.h"

#include <set>
#include <stdexcept>

using namespace ns3;

namespace testbed {

static Ptr<MobilityModel>
Create(const Settings& settings, uint32_t device)
{
    if (settings.mobility == "random-waypoint") {
        return Guided::RandomWaypoint(settings);
    }
    if (settings.mobility == "gauss-markov") {
        return Guided::GaussMarkov(settings);
    }
    if (settings.mobility == "ns2") {
        return Timetable::Of(settings.courses.at(device));
    }
    return CreateObject<ConstantPositionMobilityModel>();
}

void
InstallMobility(const NodeContainer& nodes, const Settings& settings)
{
    int64_t stream = 0;
    for (uint32_t i = 0; settings.mobility != "script" && i < nodes.GetN(); ++i) {
        const auto mobility = Create(settings, i);
        stream += mobility->AssignStreams(stream);
        nodes.Get(i)->AggregateObject(mobility);
    }
}

/// ns-3's models that move in straight lines and add up a step at every question.
static bool
AddsUp(Ptr<const MobilityModel> model)
{
    static const std::set<std::string> names{
        "ns3::ConstantVelocityMobilityModel",         "ns3::GaussMarkovMobilityModel",
        "ns3::RandomDirection2dMobilityModel",        "ns3::RandomWalk2dMobilityModel",
        "ns3::RandomWaypointMobilityModel",           "ns3::SteadyStateRandomWaypointMobilityModel",
        "ns3::WaypointMobilityModel",
    };
    return names.count(model->GetInstanceTypeId().GetName()) > 0;
}

/// A model of indoor and outdoor loss looks for this beside the mobility model that the radio names.
static bool
KnowsBuildings(Ptr<const MobilityModel> model)
{
    TypeId info;
    return TypeId::LookupByNameFailSafe("ns3::MobilityBuildingInfo", &info) && model->GetObject<Object>(info);
}

void
AdoptScripted(uint32_t devices)
{
    for (uint32_t i = 0; i < devices; ++i) {
        const auto node = NodeList::GetNode(i);
        const auto model = node->GetObject<MobilityModel>();
        if (!model) {
            throw std::invalid_argument("gives device " + std::to_string(i) +
                                        " no mobility model, as network.mobility = \"script\" demands");
        }
        if (AddsUp(model) && !KnowsBuildings(model)) {
            DynamicCast<WifiNetDevice>(node->GetDevice(0))->GetPhy()->SetMobility(Guided::Behind(model));
        }
    }
}

}  // namespace testbed
