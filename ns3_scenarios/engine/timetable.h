// Movement that is known beforehand, as in a movement trace.
#pragma once

#include "settings.h"
#include "speed.h"

#include "ns3/mobility-model.h"

namespace testbed {

/// Goes along `legs`, in the order of their times; the first one's place holds before it. A function of time alone.
class Timetable : public ns3::MobilityModel, public BoundedSpeed {
  public:
    static ns3::TypeId GetTypeId();
    static ns3::Ptr<Timetable> Of(const std::vector<Leg>& legs);

    /// Infinite where a leg does not begin where the one before has ended.
    double MaxSpeed() const override { return m_max_speed; }

  private:
    const Leg& Now() const;
    ns3::Vector DoGetPosition() const override;
    ns3::Vector DoGetVelocity() const override;
    void DoSetPosition(const ns3::Vector&) override {}

    std::vector<Leg> m_legs;
    double m_max_speed = 0;  ///< in m/s
};

}  // namespace testbed
