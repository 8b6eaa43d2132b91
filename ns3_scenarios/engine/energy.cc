#include "energy.h"

#include "ns3/double.h"
#include "ns3/simulator.h"

using namespace ns3;

namespace testbed {

NS_OBJECT_ENSURE_REGISTERED(RadioEnergy);

TypeId
RadioEnergy::GetTypeId()
{
    static TypeId id = TypeId("testbed::RadioEnergy").SetParent<WifiRadioEnergyModel>().AddConstructor<RadioEnergy>();
    return id;
}

Ptr<RadioEnergy>
RadioEnergy::Of(Ptr<WifiPhy> phy, const Settings& settings)
{
    auto energy = CreateObject<RadioEnergy>();
    energy->m_voltage_v = settings.voltage_v;
    auto& current_a = energy->m_current_a;  // sleeping and switching never happen here; off is 0
    current_a[size_t(WifiPhyState::IDLE)] = settings.idle_a;
    current_a[size_t(WifiPhyState::CCA_BUSY)] = settings.busy_a;
    current_a[size_t(WifiPhyState::TX)] = settings.tx_a;
    current_a[size_t(WifiPhyState::RX)] = settings.rx_a;
    phy->RegisterListener(energy->GetPhyListener());
    return energy;
}

void
RadioEnergy::Begin(int64_t idle_ns)
{
    m_ns.fill(0);
    m_ns[size_t(WifiPhyState::IDLE)] = idle_ns;
    m_since_ns = Simulator::Now().GetNanoSeconds();
}

std::array<int64_t, 7>
RadioEnergy::Times() const
{
    auto times = m_ns;
    times[m_state] += Simulator::Now().GetNanoSeconds() - m_since_ns;
    return times;
}

void
RadioEnergy::ChangeState(int state)
{
    m_ns = Times();
    m_since_ns = Simulator::Now().GetNanoSeconds();
    m_state = state;
}

double
RadioEnergy::GetTotalEnergyConsumption() const
{
    const auto times = Times();
    double coulombs = 0;
    for (size_t state = 0; state < times.size(); ++state) {
        coulombs += m_current_a[state] * (times[state] * 1e-9);
    }
    return m_voltage_v * coulombs;
}

}  // namespace testbed
