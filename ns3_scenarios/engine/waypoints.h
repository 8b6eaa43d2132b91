// Random waypoint movement whose positions do not depend on how often somebody asks for them.
#pragma once

#include "settings.h"
#include "speed.h"

#include "ns3/mobility-model.h"
#include "ns3/nstime.h"

namespace testbed {

/// Follows an ns3::SteadyStateRandomWaypointMobilityModel from one change of course to the next.
///
/// That model adds up a step at every question, and each frame on the air asks: its last digits would follow traffic.
class Waypoints : public ns3::MobilityModel, public BoundedSpeed {
  public:
    static ns3::TypeId GetTypeId();

    /// A walk in the square of `side_m`, from the steady state of its distribution on.
    static ns3::Ptr<Waypoints> In(const Settings& settings);

    double MaxSpeed() const override { return m_max_speed; }

  private:
    void DoInitialize() override;
    void DoDispose() override;
    ns3::Vector DoGetPosition() const override;
    ns3::Vector DoGetVelocity() const override { return m_velocity; }
    void DoSetPosition(const ns3::Vector&) override {}
    int64_t DoAssignStreams(int64_t first) override { return m_guide->AssignStreams(first); }
    void OnCourse(ns3::Ptr<const ns3::MobilityModel> guide);

    ns3::Ptr<ns3::MobilityModel> m_guide;
    double m_max_speed = 0;
    ns3::Vector m_from, m_velocity;
    ns3::Time m_since;
};

}  // namespace testbed
