"""Another radio takes the air: a frame of 1,500 bytes at 6 Mb/s (2.1 ms) every 10 ms, from the corner (0, 0).

It is deaf: it hears no device and waits for none, as a radio of another standard. So what it does follows from the
clock alone, and a run can be resumed in any round.
"""

STREAM = 2**60  # random streams from here on are the script's
BYTES = 1500
EVERY_S = 0.010


def setup(ns, nodes, devices, channel):
    """Put one more node on the channel of the devices."""
    node = ns.NodeContainer(1)
    place = ns.CreateObject[ns.ConstantPositionMobilityModel]()
    place.SetPosition(ns.Vector(0, 0, 0))
    node.Get(0).AggregateObject(place)
    radio = deaf_radio(ns, channel, node)
    ns.WifiHelper.AssignStreams(radio, STREAM)
    send_forever(ns, node, radio)


def deaf_radio(ns, channel, node):
    """802.11a in ad-hoc mode; no signal is as strong as its sensitivity demands."""
    phy = ns.YansWifiPhyHelper()
    phy.SetChannel(channel)
    phy.Set("RxSensitivity", ns.DoubleValue(1000.0))
    mac = ns.WifiMacHelper()
    mac.SetType("ns3::AdhocWifiMac")
    wifi = ns.WifiHelper()
    wifi.SetStandard(ns.WIFI_STANDARD_80211a)
    wifi.SetRemoteStationManager("ns3::ConstantRateWifiManager", "NonUnicastMode", ns.StringValue("OfdmRate6Mbps"))
    return wifi.Install(phy, mac, node)


def send_forever(ns, node, radio):
    """ns-3's own traffic generator, on a socket without IP."""
    ns.PacketSocketHelper().Install(node)
    everyone = ns.PacketSocketAddress()
    everyone.SetSingleDevice(radio.Get(0).GetIfIndex())
    everyone.SetPhysicalAddress(radio.Get(0).GetBroadcast())
    everyone.SetProtocol(0x88B6)  # for local experiments, as the devices' 0x88B5
    traffic = ns.OnOffHelper("ns3::PacketSocketFactory", everyone.ConvertTo())
    traffic.SetConstantRate(ns.DataRate(round(8 * BYTES / EVERY_S)), BYTES)
    traffic.Install(node).Start(ns.Seconds(0))
    traffic.AssignStreams(node, STREAM + 1000)
