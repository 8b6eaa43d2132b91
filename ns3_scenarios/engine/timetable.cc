#include "timetable.h"

#include "ns3/simulator.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace ns3;

namespace testbed {

NS_OBJECT_ENSURE_REGISTERED(Timetable);

TypeId
Timetable::GetTypeId()
{
    static TypeId id = TypeId("testbed::Timetable").SetParent<MobilityModel>().AddConstructor<Timetable>();
    return id;
}

static double
Fastest(const std::vector<Leg>& legs)
{
    constexpr double TOGETHER_M = 1e-6;
    double fastest = 0;
    for (size_t i = 0; i < legs.size(); ++i) {
        const auto& leg = legs[i];
        fastest = std::max(fastest, std::hypot(leg.x_mps, leg.y_mps));
        if (i + 1 < legs.size()) {
            const auto& next = legs[i + 1];
            const auto seconds = next.from_s - leg.from_s;
            const auto gap_m = std::hypot(leg.x_m + leg.x_mps * seconds - next.x_m, leg.y_m + leg.y_mps * seconds - next.y_m);
            fastest = gap_m > TOGETHER_M ? std::numeric_limits<double>::infinity() : fastest;
        }
    }
    return fastest;
}

Ptr<Timetable>
Timetable::Of(const std::vector<Leg>& legs)
{
    auto table = CreateObject<Timetable>();
    table->m_legs = legs;
    table->m_max_speed = Fastest(legs);
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
