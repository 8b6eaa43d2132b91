#include "waypoints.h"

#include "ns3/double.h"
#include "ns3/simulator.h"
#include "ns3/steady-state-random-waypoint-mobility-model.h"

using namespace ns3;

namespace testbed {

NS_OBJECT_ENSURE_REGISTERED(Waypoints);

TypeId
Waypoints::GetTypeId()
{
    static TypeId id = TypeId("testbed::Waypoints").SetParent<MobilityModel>().AddConstructor<Waypoints>();
    return id;
}

Ptr<Waypoints>
Waypoints::In(const Settings& settings)
{
    auto walk = CreateObject<Waypoints>();
    walk->m_max_speed = settings.max_speed_mps;
    walk->m_guide = CreateObjectWithAttributes<SteadyStateRandomWaypointMobilityModel>(
        "MinSpeed", DoubleValue(settings.min_speed_mps), "MaxSpeed", DoubleValue(settings.max_speed_mps),
        "MinPause", DoubleValue(settings.pause_s), "MaxPause", DoubleValue(settings.pause_s),
        "MaxX", DoubleValue(settings.side_m), "MaxY", DoubleValue(settings.side_m));
    walk->m_guide->TraceConnectWithoutContext("CourseChange", MakeCallback(&Waypoints::OnCourse, PeekPointer(walk)));
    return walk;
}

void
Waypoints::DoInitialize()
{
    m_guide->Initialize();
    MobilityModel::DoInitialize();
}

void
Waypoints::DoDispose()
{
    m_guide->Dispose();
    MobilityModel::DoDispose();
}

void
Waypoints::OnCourse(Ptr<const MobilityModel> guide)
{
    m_from = guide->GetPosition();
    m_velocity = guide->GetVelocity();
    m_since = Simulator::Now();
}

Vector
Waypoints::DoGetPosition() const
{
    const double seconds = (Simulator::Now() - m_since).GetSeconds();
    return {m_from.x + m_velocity.x * seconds, m_from.y + m_velocity.y * seconds, 0};
}

}  // namespace testbed
