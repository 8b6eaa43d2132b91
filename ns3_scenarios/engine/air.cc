#include "air.h"

#include "culled_phy.h"
#include "fading.h"
#include "mobility.h"
#include "models.h"

#include "ns3/double.h"
#include "ns3/mobility-model.h"
#include "ns3/object-factory.h"
#include "ns3/propagation-delay-model.h"
#include "ns3/scheduler.h"
#include "ns3/simulator.h"
#include "ns3/string.h"
#include "ns3/wifi-helper.h"
#include "ns3/wifi-mac.h"
#include "ns3/wifi-utils.h"
#include "ns3/yans-wifi-helper.h"

using namespace ns3;

namespace testbed {

// 802.11a, 20 MHz (IEEE 802.11-2020, table 17-21): DIFS and the mean of a back-off with CWmin = 15 slots of 9 us.
static const Time ACCESS = MicroSeconds(34) + NanoSeconds(67'500);

/// Makes radios whose frames reach all others, or those that can notice them.
struct PhyHelper : YansWifiPhyHelper {
    explicit PhyHelper(bool culled)
    {
        if (culled) {
            m_phys.front().SetTypeId(CulledPhy::GetTypeId());
        }
    }
};

/// What each device sends and hears, as FOLDER/device-N.pcap.
static void
Capture(PhyHelper& phy, const NetDeviceContainer& devices, const std::string& folder)
{
    phy.SetPcapDataLinkType(WifiPhyHelper::DLT_IEEE802_11_RADIO);
    for (uint32_t i = 0; i < devices.GetN(); ++i) {
        phy.EnablePcap(folder + "/device-" + std::to_string(i) + ".pcap", devices.Get(i), false, true);
    }
}

/// The loss models of the scenario, and the fading behind them.
static Ptr<PropagationLossModel>
Losses(const Settings& settings, const NodeContainer& nodes)
{
    const auto losses = LossChain(settings.losses, nodes);
    if (settings.fading == "nakagami") {
        auto last = losses;
        while (last->GetNext()) {
            last = last->GetNext();
        }
        last->SetNext(Fading::Of(settings.nakagami_m, settings.seed));
    }
    return losses;
}

Air::Air(const Settings& settings)
{
    // Events come in the same order from all of ns-3's schedulers; this one took 6 % off rounds of 200 devices.
    Simulator::SetScheduler(ObjectFactory("ns3::PriorityQueueScheduler"));
    m_nodes.Create(settings.devices);
    InstallMobility(m_nodes, settings);
    InstallWifi(settings);
    for (uint32_t i = 0; i < settings.devices; ++i) {
        m_radios.push_back(std::make_unique<Radio>(Device(i)));
        m_energy.push_back(RadioEnergy::Of(Device(i)->GetPhy(), settings));
    }
}

Ptr<WifiNetDevice>
Air::Device(uint32_t device) const
{
    return DynamicCast<WifiNetDevice>(m_devices.Get(device));
}

void
Air::InstallWifi(const Settings& settings)
{
    m_channel = CreateObject<YansWifiChannel>();
    m_channel->SetPropagationDelayModel(CreateObject<ConstantSpeedPropagationDelayModel>());
    m_channel->SetPropagationLossModel(Losses(settings, m_nodes));

    WifiHelper wifi;
    wifi.SetStandard(WIFI_STANDARD_80211a);
    CreateNamed({settings.manager, {}, {}}, WifiRemoteStationManager::GetTypeId(), "network.rate");
    if (settings.rate_mode.empty()) {
        wifi.SetRemoteStationManager(settings.manager);
    } else {
        const StringValue mode(settings.rate_mode);
        wifi.SetRemoteStationManager(settings.manager, "DataMode", mode, "NonUnicastMode", mode);
    }
    const bool culled = settings.culled && !HearsWeakSignals<YansWifiPhy>;
    PhyHelper phy(culled);
    phy.SetChannel(m_channel);
    phy.Set("TxPowerStart", DoubleValue(settings.tx_power_dbm));
    phy.Set("TxPowerEnd", DoubleValue(settings.tx_power_dbm));
    WifiMacHelper mac;
    mac.SetType("ns3::AdhocWifiMac");
    m_devices = wifi.Install(phy, mac, m_nodes);
    const auto audience = std::make_shared<Audience>(m_channel, !settings.scripted);
    for (uint32_t i = 0; culled && i < m_devices.GetN(); ++i) {
        DynamicCast<CulledPhy>(Device(i)->GetPhy())->SetAudience(audience);
    }
    if (!settings.pcap.empty()) {
        Capture(phy, m_devices, settings.pcap);
    }
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
    const auto phy = Device(device)->GetPhy();
    m_radios[device]->Flush();
    m_radios[device]->away = away;
    away ? phy->SetOffMode() : phy->ResumeFromOff();
}

void
Air::BeginEnergy(int64_t opened_ns, const std::vector<Absence>& absences)
{
    const auto now_ns = Simulator::Now().GetNanoSeconds();
    std::vector<int64_t> idle_ns(Size(), now_ns - opened_ns);
    for (const auto& [device, from_ns, until_ns] : absences) {
        idle_ns[device] -= std::max<int64_t>(0, std::min(until_ns, now_ns) - std::max(from_ns, opened_ns));
    }
    for (uint32_t i = 0; i < Size(); ++i) {
        m_energy[i]->Begin(idle_ns[i]);
    }
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
    return Device(0)->GetMac()->GetWifiRemoteStationManager()->GetNonUnicastMode();
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
