"""Who hears whom in an 802.11a ad-hoc network: hello frames, written with the official ns-3 bindings alone.

An independent check of the engine, which has to find the same links in the same place under the same seed:

    python ns3_scenarios/adhoc_bindings.py SEED places.csv

`SEED` is the 63-bit number that the engine is given, `places.csv` has the columns `x_m,y_m`, one row per device.
It prints `src,dst,heard`: for every directed link the share of the hellos of `src` that `dst` decoded.

Radios: 20 MHz, 24 Mb/s, 16.0206 dBm, path loss of exponent 3 with 46.6777 dB at 1 m. Hellos: 5 frames of 1,493 bytes
from each device within 1 s, each at a random moment of its fifth, with 5 ms of quiet before and after.
"""

import csv
import sys
from collections import Counter

from ns import ns

HELLOS, FRAME_BYTES = 5, 21 + 1472
PHASE_NS, QUIET_NS = 1_000_000_000, 5_000_000
ETHERTYPE = 0x88B5  # for local experiments
STREAM = 2**22  # those below belong to movement, and a round has as many of its own

ns.cppyy.cppdef(
    """
    #include <vector>

    std::vector<ns3::Address> senders;
    std::vector<uint32_t> receivers;

    bool Heard(ns3::Ptr<ns3::NetDevice> device, ns3::Ptr<const ns3::Packet>, uint16_t, const ns3::Address& from)
    {
        senders.push_back(from);
        receivers.push_back(device->GetNode()->GetId());
        return true;
    }

    void Listen(ns3::Ptr<ns3::NetDevice> device) { device->SetReceiveCallback(ns3::MakeCallback(&Heard)); }

    void Send(ns3::Ptr<ns3::NetDevice> device, uint32_t bytes, uint16_t type)
    {
        device->Send(ns3::Create<ns3::Packet>(bytes), device->GetBroadcast(), type);
    }

    void SendAt(int64_t time_ns, ns3::Ptr<ns3::NetDevice> device, uint32_t bytes, uint16_t type)
    {
        const auto id = device->GetNode()->GetId();
        ns3::Simulator::ScheduleWithContext(id, ns3::NanoSeconds(time_ns), &Send, device, bytes, type);
    }
    """
)


def hello_links(seed, places):
    """`{(src, dst): share}` of the hellos that were decoded, for devices at `places`, a list of x, y in metres."""
    ns.RngSeedManager.SetSeed(1 + seed % 4294944442)
    ns.RngSeedManager.SetRun(seed >> 32)
    nodes = stand(places)
    channel = the_air()
    devices = radios(nodes, channel)
    used = ns.WifiHelper.AssignStreams(devices, STREAM)
    used += channel.AssignStreams(STREAM + used)
    schedule(devices, STREAM + used)
    ns.Simulator.Stop(ns.NanoSeconds(PHASE_NS))
    ns.Simulator.Run()
    links = counted(devices)
    ns.Simulator.Destroy()
    return links


def stand(places):
    """A node at each place."""
    nodes = ns.NodeContainer(len(places))
    for i, (x_m, y_m) in enumerate(places):
        place = ns.CreateObject[ns.ConstantPositionMobilityModel]()
        place.SetPosition(ns.Vector(x_m, y_m, 0))
        nodes.Get(i).AggregateObject(place)
    return nodes


def the_air():
    """Light's speed and log-distance loss."""
    loss = ns.CreateObject[ns.LogDistancePropagationLossModel]()
    loss.SetPathLossExponent(3.0)
    loss.SetReference(1.0, 46.6777)
    channel = ns.CreateObject[ns.YansWifiChannel]()
    channel.SetPropagationDelayModel(ns.CreateObject[ns.ConstantSpeedPropagationDelayModel]())
    channel.SetPropagationLossModel(loss)
    return channel


def radios(nodes, channel):
    """802.11a in ad-hoc mode, at one rate."""
    wifi, phy, mac = ns.WifiHelper(), ns.YansWifiPhyHelper(), ns.WifiMacHelper()
    wifi.SetStandard(ns.WIFI_STANDARD_80211a)
    rate = ns.StringValue("OfdmRate24Mbps")
    wifi.SetRemoteStationManager("ns3::ConstantRateWifiManager", "DataMode", rate, "NonUnicastMode", rate)
    phy.SetChannel(channel)
    phy.Set("TxPowerStart", ns.DoubleValue(16.0206))
    phy.Set("TxPowerEnd", ns.DoubleValue(16.0206))
    mac.SetType("ns3::AdhocWifiMac")
    return wifi.Install(phy, mac, nodes)


def schedule(devices, stream):
    """Let every device listen, and send its hellos."""
    jitter = ns.CreateObject[ns.UniformRandomVariable]()
    jitter.SetStream(stream)
    part_ns = (PHASE_NS - 2 * QUIET_NS) / HELLOS
    for device in range(devices.GetN()):
        ns.cppyy.gbl.Listen(devices.Get(device))
        for i in range(HELLOS):
            when_ns = QUIET_NS + int((i + jitter.GetValue(0, 1)) * part_ns)
            ns.cppyy.gbl.SendAt(when_ns, devices.Get(device), FRAME_BYTES, ETHERTYPE)


def counted(devices):
    """Share of the hellos by (sender, receiver)."""
    index = {str(devices.Get(i).GetAddress()): i for i in range(devices.GetN())}
    heard = zip(ns.cppyy.gbl.senders, ns.cppyy.gbl.receivers, strict=True)
    counts = Counter((index[str(sender)], int(receiver)) for sender, receiver in heard)
    return {link: count / HELLOS for link, count in sorted(counts.items())}


if __name__ == "__main__":
    with open(sys.argv[2], newline="") as file:  # noqa: PTH123 (a script that a user reads from top to bottom)
        rows = [(float(row["x_m"]), float(row["y_m"])) for row in csv.DictReader(file)]
    print("src,dst,heard")
    for (src, dst), share in hello_links(int(sys.argv[1]), rows).items():
        print(f"{src},{dst},{share:g}")
