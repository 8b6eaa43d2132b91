#include "timetable.h"

#include "ns3/simulator.h"

#include <algorithm>

using namespace ns3;

namespace testbed {

NS_OBJECT_ENSURE_REGISTERED(Timetable);

TypeId
Timetable::GetTypeId()
{
    static TypeId id = TypeId("testbed::Timetable").SetParent<MobilityModel>().AddConstructor<Timetable>();
    return id;
}

Ptr<Timetable>
Timetable::Of(const std::vector<Leg>& legs)
{
    auto table = CreateObject<Timetable>();
    table->m_legs = legs;
    return table;
}

const Leg&
Timetable::Now() const
{
    const auto now_s = Simulator::Now().GetSeconds();
    const auto later = std::upper_bound(m_legs.begin(), m_legs.end(), now_s,
                                        [](double time_s, const Leg& leg) { return time_s < leg.from_s; });
    return later == m_legs.begin() ? m_legs.front() : *(later - 1);
}

Vector
Timetable::DoGetPosition() const
{
    const auto& leg = Now();
    const auto seconds = std::max(0.0, Simulator::Now().GetSeconds() - leg.from_s);
    return {leg.x_m + leg.x_mps * seconds, leg.y_m + leg.y_mps * seconds, 0};
}

Vector
Timetable::DoGetVelocity() const
{
    return {Now().x_mps, Now().y_mps, 0};
}

}  // namespace testbed
