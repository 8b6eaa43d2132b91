// Movement along the course of an ns-3 model, at positions that do not depend on how often somebody asks for them.
#pragma once

#include "settings.h"
#include "speed.h"

#include "ns3/mobility-model.h"
#include "ns3/nstime.h"
#include "ns3/random-variable-stream.h"

#include <limits>

namespace testbed {

/// Follows an ns-3 mobility model, its guide, from one change of course to the next.
///
/// ns-3's moving models add up a step at every question, and each frame on the air asks: their last digits would follow
/// traffic. The guide is asked at its changes of course alone.
class Guided : public ns3::MobilityModel, public BoundedSpeed {
  public:
    static ns3::TypeId GetTypeId();

    /// A random waypoint walk in the square of `side_m`, from the steady state of its distribution on.
    static ns3::Ptr<Guided> RandomWaypoint(const Settings& settings);

    /// A Gauss-Markov walk in the square of `side_m`, from uniform places on.
    static ns3::Ptr<Guided> GaussMarkov(const Settings& settings);

    /// Behind a model that belongs to a node and has its place already.
    static ns3::Ptr<Guided> Behind(ns3::Ptr<ns3::MobilityModel> guide);

    double MaxSpeed() const override { return m_max_speed; }

  private:
    static ns3::Ptr<Guided> Follow(ns3::Ptr<ns3::MobilityModel> guide, bool owner);

    void DoInitialize() override;
    void DoDispose() override;
    ns3::Vector DoGetPosition() const override;
    ns3::Vector DoGetVelocity() const override { return m_velocity; }
    void DoSetPosition(const ns3::Vector& position) override;
    int64_t DoAssignStreams(int64_t first) override;
    void OnCourse(ns3::Ptr<const ns3::MobilityModel> guide);

    ns3::Ptr<ns3::MobilityModel> m_guide;
    ns3::Ptr<ns3::UniformRandomVariable> m_start;  ///< a coordinate of the first place; null: the guide finds its own
    double m_limit_m = 0;                          ///< side of a square that is not left; 0: none
    double m_max_speed = std::numeric_limits<double>::infinity();  ///< in m/s
    bool m_owner = true;                           ///< of the guide, which else belongs to a node
    ns3::Vector m_from, m_velocity;
    ns3::Time m_since;
};

}  // namespace testbed
