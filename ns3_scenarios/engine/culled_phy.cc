#include "culled_phy.h"

#include "ns3/event-impl.h"
#include "ns3/simulator.h"
#include "ns3/wifi-ppdu.h"
#include "ns3/wifi-utils.h"

using namespace ns3;

namespace testbed {

NS_OBJECT_ENSURE_REGISTERED(CulledPhy);

/// The first bit of a frame reaches a radio.
class Arrival : public EventImpl {
  public:
    Arrival(YansWifiPhy* phy, Ptr<const WifiPpdu> ppdu, double power_w, Time duration)
        : m_phy(phy),
          m_ppdu(ppdu),
          m_power_w(power_w),
          m_duration(duration)
    {
    }

  private:
    void Notify() override
    {
        RxPowerWattPerChannelBand power;
        power.emplace(m_phy->GetBand(MHz_u{20}), m_power_w);
        m_phy->StartReceivePreamble(m_ppdu, power, m_duration);
    }

    YansWifiPhy* m_phy;
    Ptr<const WifiPpdu> m_ppdu;
    double m_power_w;
    Time m_duration;
};

TypeId
CulledPhy::GetTypeId()
{
    static TypeId id = TypeId("testbed::CulledPhy").SetParent<YansWifiPhy>().AddConstructor<CulledPhy>();
    return id;
}

void
CulledPhy::DoDispose()
{
    m_candidates.clear();
    m_audience.reset();
    YansWifiPhy::DoDispose();
}

void
CulledPhy::StartTx(Ptr<const WifiPpdu> ppdu)
{
    m_signalTransmissionCb(ppdu, ppdu->GetTxVector());
    m_audience->Look();
    const auto tx_dbm = GetTxPowerForTransmission(ppdu) + GetTxGain();
    const auto mobility = GetMobility();
    if (!Fresh(tx_dbm)) {
        Refresh(tx_dbm, mobility);
    }
    const auto duration = ppdu->GetTxDuration();
    for (auto& candidate : m_candidates) {
        if (m_audience->Still() || Measure(candidate, tx_dbm, mobility)) {
            candidate.ear->Fetch();
            auto* arrival = new Arrival(candidate.ear->phy, ppdu, candidate.power_w, duration);
            Simulator::ScheduleWithContext(candidate.ear->node, candidate.delay, static_cast<EventImpl*>(arrival));
        }
    }
}

bool
CulledPhy::Fresh(double tx_dbm) const
{
    return m_version == m_audience->Version() && m_tx_dbm == tx_dbm && Simulator::Now() <= m_until;
}

void
CulledPhy::Refresh(double tx_dbm, Ptr<MobilityModel> mobility)
{
    const auto reach = m_audience->Reach(tx_dbm);
    const auto margin = reach * MARGIN;
    m_candidates.clear();
    for (const auto& ear : m_audience->Ears()) {
        Candidate candidate{&ear, 0, Time()};
        if (ear.phy != this && ear.phy->GetChannelNumber() == GetChannelNumber() &&
            mobility->GetDistanceFrom(ear.mobility) <= reach + margin &&
            (!m_audience->Still() || Measure(candidate, tx_dbm, mobility))) {
            m_candidates.push_back(candidate);
        }
    }
    m_version = m_audience->Version();
    m_tx_dbm = tx_dbm;
    m_until = Simulator::Now() + m_audience->Lasting(margin);
}

bool
CulledPhy::Measure(Candidate& candidate, double tx_dbm, Ptr<MobilityModel> mobility) const
{
    const auto& ear = *candidate.ear;
    candidate.delay = m_audience->Delay().GetDelay(mobility, ear.mobility);
    const auto rx_dbm = m_audience->Loss().CalcRxPower(tx_dbm, mobility, ear.mobility) + ear.phy->GetRxGain();
    if (rx_dbm < ear.phy->GetRxSensitivity()) {
        return false;
    }
    candidate.power_w = DbmToW(rx_dbm);
    return true;
}

}  // namespace testbed
