#include "mobility.h"

#include "waypoints.h"

#include "ns3/constant-position-mobility-model.h"

using namespace ns3;

namespace testbed {

void
InstallMobility(const NodeContainer& nodes, const Settings& settings)
{
    int64_t stream = 0;
    for (uint32_t i = 0; i < nodes.GetN(); ++i) {
        Ptr<MobilityModel> mobility = CreateObject<ConstantPositionMobilityModel>();
        if (settings.mobility == "random-waypoint") {
            mobility = Waypoints::In(settings);
        }
        stream += mobility->AssignStreams(stream);
        nodes.Get(i)->AggregateObject(mobility);
    }
}

}  // namespace testbed
