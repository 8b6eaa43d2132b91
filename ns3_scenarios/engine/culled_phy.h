// A radio whose frames reach only those that can notice them.
#pragma once

#include "audience.h"

#include <memory>

namespace testbed {

/// Whether this ns-3's radios let what is below RxSensitivity interfere (after 3.44): then nobody can be left out.
template <typename Phy>
concept HearsWeakSignals = requires(Phy& phy, ns3::Ptr<const ns3::WifiPpdu> ppdu) { phy.StartRx(ppdu, 0.0); };

/// ns-3's YansWifiPhy, but for who is bothered by a frame.
///
/// YansWifiChannel schedules an event at every other radio and drops there what is below RxSensitivity. Here those
/// events are never made. All others are made as there: in the same order, at the same instants, with the same power;
/// so every reception is the same to the nanosecond (ns-3 3.44; tests/network/test_culling.py).
class CulledPhy : public ns3::YansWifiPhy {
  public:
    static ns3::TypeId GetTypeId();

    /// Must be called before the first frame; all radios of a channel share their audience.
    void SetAudience(std::shared_ptr<Audience> audience) { m_audience = std::move(audience); }

    void StartTx(ns3::Ptr<const ns3::WifiPpdu> ppdu) override;

  private:
    /// Somebody who may notice; power and delay where they stay the same.
    struct Candidate {
        const Audience::Ear* ear;
        double power_w;
        ns3::Time delay;
    };

    /// How much of the reach a device may move before candidates are looked for anew: few looks, few candidates in vain.
    static constexpr double MARGIN = 1.0 / 8;

    void DoDispose() override;
    bool Fresh(double tx_dbm) const;
    void Refresh(double tx_dbm, ns3::Ptr<ns3::MobilityModel> mobility);

    /// Sets power and delay as they are now; tells whether the frame is noticed.
    bool Measure(Candidate& candidate, double tx_dbm, ns3::Ptr<ns3::MobilityModel> mobility) const;

    std::shared_ptr<Audience> m_audience;
    std::vector<Candidate> m_candidates;
    uint64_t m_version = 0;
    double m_tx_dbm = 0;
    ns3::Time m_until = ns3::Time::Min();
};

}  // namespace testbed
