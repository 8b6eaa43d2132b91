#include "air.h"

#include "models.h"
#include "mobility.h"

#include "ns3/double.h"
#include "ns3/mobility-model.h"
#include "ns3/propagation-delay-model.h"
#include "ns3/string.h"
#include "ns3/wifi-helper.h"
#include "ns3/wifi-mac.h"
#include "ns3/wifi-utils.h"
#include "ns3/yans-wifi-helper.h"

using namespace ns3;

namespace testbed {

// 802.11a, 20 MHz (IEEE 802.11-2020, table 17-21): DIFS and the mean of a back-off with CWmin = 15 slots of 9 us.
static const Time ACCESS = MicroSeconds(34) + NanoSeconds(67'500);

Air::Air(const Settings& settings)
{
    m_nodes.Create(settings.devices);
    InstallMobility(m_nodes, settings);
    InstallWifi(settings);
    for (uint32_t i = 0; i < settings.devices; ++i) {
        m_radios.push_back(std::make_unique<Radio>(DynamicCast<WifiNetDevice>(m_devices.Get(i))));
    }
}

void
Air::InstallWifi(const Settings& settings)
{
    m_channel = CreateObject<YansWifiChannel>();
    m_channel->SetPropagationDelayModel(CreateObject<ConstantSpeedPropagationDelayModel>());
    m_channel->SetPropagationLossModel(LossChain(settings.losses, m_nodes));

    WifiHelper wifi;
    wifi.SetStandard(WIFI_STANDARD_80211a);
    CreateNamed({settings.manager, {}, {}}, WifiRemoteStationManager::GetTypeId(), "network.rate");
    if (settings.rate_mode.empty()) {
        wifi.SetRemoteStationManager(settings.manager);
    } else {
        const StringValue mode(settings.rate_mode);
        wifi.SetRemoteStationManager(settings.manager, "DataMode", mode, "NonUnicastMode", mode);
    }
    YansWifiPhyHelper phy;
    phy.SetChannel(m_channel);
    phy.Set("TxPowerStart", DoubleValue(settings.tx_power_dbm));
    phy.Set("TxPowerEnd", DoubleValue(settings.tx_power_dbm));
    WifiMacHelper mac;
    mac.SetType("ns3::AdhocWifiMac");
    m_devices = wifi.Install(phy, mac, m_nodes);
}

void
Air::Place(uint32_t device, double x_m, double y_m)
{
    m_nodes.Get(device)->GetObject<MobilityModel>()->SetPosition({x_m, y_m, 0});
}

Vector
Air::Position(uint32_t device) const
{
    return DynamicCast<WifiNetDevice>(m_devices.Get(device))->GetPhy()->GetMobility()->GetPosition();
}

void
Air::SetAway(uint32_t device, bool away)
{
    const auto phy = DynamicCast<WifiNetDevice>(m_devices.Get(device))->GetPhy();
    m_radios[device]->Flush();
    m_radios[device]->away = away;
    away ? phy->SetOffMode() : phy->ResumeFromOff();
}

int64_t
Air::AssignStreams(int64_t first)
{
    first += WifiHelper::AssignStreams(m_devices, first);
    return first + m_channel->AssignStreams(first);
}

WifiMode
Air::BroadcastMode() const
{
    return DynamicCast<WifiNetDevice>(m_devices.Get(0))->GetMac()->GetWifiRemoteStationManager()->GetNonUnicastMode();
}

int64_t
Air::RateBps() const
{
    return BroadcastMode().GetDataRate(MHz_u{20});
}

Time
Air::FrameTime(uint32_t bytes) const
{
    WifiTxVector vector;
    vector.SetMode(BroadcastMode());
    vector.SetPreambleType(WIFI_PREAMBLE_LONG);
    vector.SetChannelWidth(MHz_u{20});
    constexpr uint32_t MAC_BYTES = 24 + 8 + 4;  // MAC header, LLC/SNAP, FCS
    return ACCESS + WifiPhy::CalculateTxDuration(bytes + MAC_BYTES, vector, WIFI_PHY_BAND_5GHZ);
}

}  // namespace testbed
