// What a radio uses: the time it spends in each state, times voltage and current.
#pragma once

#include "settings.h"

#include "ns3/wifi-phy.h"
#include "ns3/wifi-radio-energy-model.h"

#include <array>

namespace testbed {

/// ns-3's WifiRadioEnergyModel without an energy source behind it.
///
/// States come from ns-3's own listener on the PHY, joules are current x voltage x time as in ns-3's. But time is summed
/// in nanoseconds, so that a round's joules have no trace of the rounds before; a radio that was off comes back, where
/// ns-3's stays off for good; and no event waits for the source to be empty: ns-3 3.44 leaves one in the simulator's
/// queue at every change of state (WifiRadioEnergyModel::ChangeState cancels it, which does not take it out).
class RadioEnergy : public ns3::WifiRadioEnergyModel {
  public:
    static ns3::TypeId GetTypeId();

    /// Listens to `phy` from now on.
    static ns3::Ptr<RadioEnergy> Of(ns3::Ptr<ns3::WifiPhy> phy, const Settings& settings);

    /// Joules count from here on, with `idle_ns` of idling before.
    void Begin(int64_t idle_ns);

    /// Joules since `Begin`.
    double GetTotalEnergyConsumption() const override;

    void ChangeState(int state) override;

  private:
    std::array<int64_t, 7> Times() const;  ///< ns in each ns3::WifiPhyState, to now

    double m_voltage_v = 0;
    std::array<double, 7> m_current_a{};
    std::array<int64_t, 7> m_ns{};
    size_t m_state = size_t(ns3::WifiPhyState::IDLE);
    int64_t m_since_ns = 0;
};

}  // namespace testbed
