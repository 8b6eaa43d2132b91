#include "tcp.h"

#include "ns3/inet-socket-address.h"
#include "ns3/ipv4-header.h"
#include "ns3/llc-snap-header.h"
#include "ns3/simulator.h"

#include <algorithm>

using namespace ns3;

namespace testbed {

constexpr uint16_t PORT = 9000;

Tcp::Tcp(Air& air, const Settings& settings, const Graph& graph, Ledger& ledger, int64_t first_stream)
    : Transport(air, settings, graph, ledger),
      m_pacer(air, graph, settings.load, first_stream)
{
    for (uint16_t device = 0; device < air.Size(); ++device) {
        m_stacks.push_back(std::make_unique<Stack>(air.At(device), device));
        const auto door = m_stacks.back()->MakeStream(settings.payload_bytes);
        door->Bind(InetSocketAddress(Ipv4Address::GetAny(), PORT));
        door->Listen();
        door->SetAcceptCallback(MakeNullCallback<bool, Ptr<Socket>, const Address&>(),
                                [this, device](Ptr<Socket> s, const Address& from) { Accept(device, s, from); });
    }
}

Tcp::~Tcp()
{
    for (auto& [way, lane] : m_lanes) {
        Hang(lane);
    }
}

void
Tcp::Start(ParcelPtr parcel)
{
    for (const auto& delivery : parcel->to) {
        auto& queue = m_lanes[{parcel->src, delivery.dst}].queue;
        queue.push_back(parcel);
        if (queue.size() == 1) {
            Open({parcel->src, delivery.dst});
        }
    }
}

void
Tcp::Open(Way way)
{
    const auto [src, dst] = way;
    auto& lane = m_lanes[way];
    m_stacks[src]->Know(m_air.At(dst), dst);
    m_stacks[dst]->Know(m_air.At(src), src);
    lane.stream = m_stacks[src]->MakeStream(m_settings.payload_bytes);
    lane.buffer = lane.stream->GetTxAvailable();
    lane.unwritten = lane.unread = StreamBytes(*lane.queue.front());
    const auto write = [this, way](Ptr<Socket> s) { Write(way, s, s->GetTxAvailable()); };
    const auto broken = [this, way](Ptr<Socket> s) { Broken(way, s); };
    lane.stream->SetConnectCallback(write, broken);
    lane.stream->SetCloseCallbacks(MakeNullCallback<void, Ptr<Socket>>(), broken);
    lane.stream->SetSendCallback([this, way](Ptr<Socket> s, uint32_t room) { Write(way, s, room); });
    lane.stream->Bind();
    Address local;
    lane.stream->GetSockName(local);
    lane.port = InetSocketAddress::ConvertFrom(local).GetPort();
    lane.stream->Connect(InetSocketAddress(Stack::AddressOf(dst), PORT));
}

void
Tcp::Broken(Way way, Ptr<Socket> stream)
{
    auto& lane = m_lanes[way];
    if (lane.stream == stream) {
        Hang(lane);
        const auto gap = m_pacer.Gap(way.first, FrameHeader::FIXED_BYTES + m_settings.payload_bytes);
        // The socket is still at work on its own end: it is kept until then.
        lane.retry = Simulator::Schedule(gap, [this, way, stream] { Open(way); });
    }
}

/// Lets go of the connection, which then goes on or ends by itself.
void
Tcp::Hang(Lane& lane)
{
    lane.retry.Cancel();
    if (lane.stream) {
        const auto deaf = MakeNullCallback<void, Ptr<Socket>>();
        lane.stream->SetConnectCallback(deaf, deaf);
        lane.stream->SetCloseCallbacks(deaf, deaf);
        lane.stream->SetSendCallback(MakeNullCallback<void, Ptr<Socket>, uint32_t>());
        lane.stream = nullptr;
    }
}

void
Tcp::Write(Way way, Ptr<Socket> stream, uint32_t room)
{
    auto& lane = m_lanes[way];
    if (lane.stream != stream) {
        return;
    }
    if (const auto all = StreamBytes(*lane.queue.front()); lane.unwritten == all && room >= FrameHeader::FIXED_BYTES) {
        FrameHeader header;
        header.kind = Kind::DATA;
        header.source = way.first;
        header.number = lane.queue.front()->number;
        header.size_bytes = lane.queue.front()->size_bytes;
        header.degree = m_graph.Degree(way.first);
        const auto bytes = std::min<int64_t>(all, room);
        lane.unwritten -= stream->Send(Radio::Frame(header, bytes - FrameHeader::FIXED_BYTES));
    } else if (lane.unwritten > 0 && room > 0) {
        lane.unwritten -= stream->Send(Create<Packet>(std::min<int64_t>(lane.unwritten, room)));
    } else if (lane.unwritten == 0 && room == lane.buffer) {
        Leave(way);  // all of it is acknowledged
    }
}

/// The message is through, or not wanted any more: the next one of this way begins.
void
Tcp::Leave(Way way)
{
    auto& lane = m_lanes[way];
    const auto parcel = lane.queue.front();
    const auto stream = lane.stream;
    Hang(lane);
    if (stream) {
        lane.unwritten == 0 && lane.unread == 0 ? void(stream->Close()) : stream->Abort();
    }
    lane.queue.pop_front();
    if (!lane.queue.empty()) {
        Open(way);
    }
    for (const auto& delivery : parcel->to) {
        const auto& queue = m_lanes[{parcel->src, delivery.dst}].queue;
        if (std::count(queue.begin(), queue.end(), parcel)) {
            return;
        }
    }
    Through(parcel);
}

void
Tcp::Forget(const ParcelPtr& parcel, uint16_t dst)
{
    auto& queue = m_lanes[{parcel->src, dst}].queue;
    if (!queue.empty() && queue.front() == parcel) {
        Leave({parcel->src, dst});
    } else {
        std::erase(queue, parcel);
    }
}

void
Tcp::Accept(uint16_t device, Ptr<Socket> stream, const Address& from)
{
    const auto peer = InetSocketAddress::ConvertFrom(from);
    const Way way{Stack::DeviceAt(peer.GetIpv4()), device};
    stream->SetRecvCallback([this, way, port = peer.GetPort()](Ptr<Socket> s) { Read(way, port, s); });
    stream->SetCloseCallbacks([](Ptr<Socket> s) { s->Close(); }, MakeNullCallback<void, Ptr<Socket>>());
}

void
Tcp::Read(Way way, uint16_t port, Ptr<Socket> stream)
{
    auto& lane = m_lanes[way];
    const auto packet = stream->Recv();
    if (!packet || lane.port != port || lane.queue.empty()) {
        return;
    }
    lane.unread -= packet->GetSize();
    if (lane.unread == 0) {
        auto& parcel = *lane.queue.front();
        m_ledger.End(parcel, *parcel.To(way.second), Cause::ARRIVED);
    }
}

void
Tcp::OnAir(uint32_t device, const Sending& sending)
{
    LlcSnapHeader llc;
    Ipv4Header ip;
    TcpHeader tcp;
    const auto packet = sending.packet->Copy();
    if (packet->GetSize() < llc.GetSerializedSize() || !packet->RemoveHeader(llc) ||
        llc.GetType() != Ipv4L3Protocol::PROT_NUMBER) {
        return;  // an ACK, a hello
    }
    packet->RemoveHeader(ip);
    packet->RemoveHeader(tcp);
    const auto found = m_lanes.find({uint16_t(device), uint16_t(Stack::DeviceAt(ip.GetDestination()))});
    if (found == m_lanes.end() || found->second.queue.empty() || found->second.port != tcp.GetSourcePort()) {
        return;
    }
    if (packet->GetSize() > 0) {
        ++m_air.At(device).data_frames;
        Count(*found->second.queue.front()->To(found->first.second), sending.retry);
    }
}

}  // namespace testbed
