// Movement that is known beforehand, as in a movement trace.
#pragma once

#include "settings.h"

#include "ns3/mobility-model.h"

namespace testbed {

/// Goes along `legs`, in the order of their times; the first one's place holds before it. A function of time alone.
class Timetable : public ns3::MobilityModel {
  public:
    static ns3::TypeId GetTypeId();
    static ns3::Ptr<Timetable> Of(const std::vector<Leg>& legs);

  private:
    const Leg& Now() const;
    ns3::Vector DoGetPosition() const override;
    ns3::Vector DoGetVelocity() const override;
    void DoSetPosition(const ns3::Vector&) override {}

    std::vector<Leg> m_legs;
};

}  // namespace testbed
