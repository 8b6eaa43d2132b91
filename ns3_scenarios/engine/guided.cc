#include "guided.h"

#include "ns3/box.h"
#include "ns3/double.h"
#include "ns3/gauss-markov-mobility-model.h"
#include "ns3/pointer.h"
#include "ns3/simulator.h"
#include "ns3/steady-state-random-waypoint-mobility-model.h"

#include <algorithm>
#include <cmath>

using namespace ns3;

namespace testbed {

NS_OBJECT_ENSURE_REGISTERED(Guided);

TypeId
Guided::GetTypeId()
{
    static TypeId id = TypeId("testbed::Guided").SetParent<MobilityModel>().AddConstructor<Guided>();
    return id;
}

Ptr<Guided>
Guided::Behind(Ptr<MobilityModel> guide)
{
    return Follow(guide, false);
}

Ptr<Guided>
Guided::Follow(Ptr<MobilityModel> guide, bool owner)
{
    auto follower = CreateObject<Guided>();
    follower->m_guide = guide;
    follower->m_owner = owner;
    guide->TraceConnectWithoutContext("CourseChange", MakeCallback(&Guided::OnCourse, PeekPointer(follower)));
    follower->OnCourse(guide);
    return follower;
}

Ptr<Guided>
Guided::RandomWaypoint(const Settings& settings)
{
    auto walk = Follow(CreateObjectWithAttributes<SteadyStateRandomWaypointMobilityModel>(
        "MinSpeed", DoubleValue(settings.min_speed_mps), "MaxSpeed", DoubleValue(settings.max_speed_mps),
        "MinPause", DoubleValue(settings.pause_s), "MaxPause", DoubleValue(settings.pause_s),
        "MaxX", DoubleValue(settings.side_m), "MaxY", DoubleValue(settings.side_m)), true);
    walk->m_limit_m = settings.side_m;
    walk->m_max_speed = settings.max_speed_mps;
    return walk;
}

static Ptr<UniformRandomVariable>
Uniform(double min, double max)
{
    return CreateObjectWithAttributes<UniformRandomVariable>("Min", DoubleValue(min), "Max", DoubleValue(max));
}

static Ptr<NormalRandomVariable>
Normal(double deviation, double bound)
{
    return CreateObjectWithAttributes<NormalRandomVariable>("Variance", DoubleValue(deviation * deviation), "Bound",
                                                            DoubleValue(bound));
}

/// How the speeds of a Gauss-Markov walk vary around each device's mean.
struct GaussMarkovSpeed {
    double deviation_mps, bound_mps;  ///< of one draw; the bound keeps speeds bounded, which culling needs

    static GaussMarkovSpeed Of(const Settings& settings);
};

GaussMarkovSpeed
GaussMarkovSpeed::Of(const Settings& settings)
{
    const auto deviation_mps = (settings.max_speed_mps - settings.min_speed_mps) / 4;
    return {deviation_mps, 2 * deviation_mps};
}

/// v' = a v + (1 - a) mean + sqrt(1 - a^2) draw stays within sqrt(1 - a^2) / (1 - a) bounds of a draw around the mean.
static double
GaussMarkovBound(const Settings& settings)
{
    const auto a = settings.memory;
    const auto reach = a < 1 ? std::sqrt((1 + a) / (1 - a)) : 0;
    return settings.max_speed_mps + reach * GaussMarkovSpeed::Of(settings).bound_mps;
}

Ptr<Guided>
Guided::GaussMarkov(const Settings& settings)
{
    const auto side_m = settings.side_m;
    const auto [deviation, bound] = GaussMarkovSpeed::Of(settings);
    // A walk in the plane: the pitch stays 0. Directions keep ns-3's own distribution.
    auto walk = Follow(CreateObjectWithAttributes<GaussMarkovMobilityModel>(
        "Bounds", BoxValue(Box(0, side_m, 0, side_m, 0, 0)), "TimeStep", TimeValue(Seconds(settings.step_s)), "Alpha",
        DoubleValue(settings.memory), "MeanVelocity", PointerValue(Uniform(settings.min_speed_mps, settings.max_speed_mps)),
        "NormalVelocity", PointerValue(Normal(deviation, bound)), "NormalPitch", PointerValue(Normal(0, 1))), true);
    walk->m_start = Uniform(0, side_m);
    walk->m_limit_m = side_m;
    walk->m_max_speed = GaussMarkovBound(settings);
    return walk;
}

int64_t
Guided::DoAssignStreams(int64_t first)
{
    const auto used = m_guide->AssignStreams(first);
    if (!m_start) {
        return used;
    }
    m_start->SetStream(first + used);
    return used + 1;
}

void
Guided::DoInitialize()
{
    if (m_start) {
        const auto x_m = m_start->GetValue();
        SetPosition({x_m, m_start->GetValue(), 0});
    }
    m_guide->Initialize();
    MobilityModel::DoInitialize();
}

void
Guided::DoDispose()
{
    if (m_owner) {
        m_guide->Dispose();
    }
    MobilityModel::DoDispose();
}

void
Guided::DoSetPosition(const Vector& position)
{
    m_guide->SetPosition(position);
    OnCourse(m_guide);
}

void
Guided::OnCourse(Ptr<const MobilityModel> guide)
{
    m_from = guide->GetPosition();
    m_velocity = guide->GetVelocity();
    m_since = Simulator::Now();
}

Vector
Guided::DoGetPosition() const
{
    const double seconds = (Simulator::Now() - m_since).GetSeconds();
    Vector place{m_from.x + m_velocity.x * seconds, m_from.y + m_velocity.y * seconds, m_from.z + m_velocity.z * seconds};
    if (m_limit_m > 0) {
        place.x = std::clamp(place.x, 0.0, m_limit_m);
        place.y = std::clamp(place.y, 0.0, m_limit_m);
    }
    return place;
}

}  // namespace testbed
