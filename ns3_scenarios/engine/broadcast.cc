#include "broadcast.h"

#include "guard.h"

#include "ns3/simulator.h"

using namespace ns3;

namespace testbed {

Broadcast::Broadcast(Air& air, const Settings& settings, const Graph& graph, Ledger& ledger, int64_t first_stream)
    : Transport(air, settings, graph, ledger),
      m_nack(settings.repair == "nack"),
      m_none(settings.repair == "none"),
      m_pacer(air, graph, settings.load, first_stream),
      m_stations(air.Size())
{
}

Broadcast::~Broadcast()
{
    for (auto& station : m_stations) {
        station.data.Cancel();
        station.answer.Cancel();
    }
}

/// At most `room` of those waiting, others with every frame; none before anybody can have the message.
std::vector<uint16_t>
Broadcast::Outgoing::SomeWaiting(size_t room) const
{
    std::vector<uint16_t> some;
    const size_t count = sent < needed ? 0 : std::min(room, waiting.size());
    for (size_t i = 0; i < count; ++i) {
        some.push_back(waiting[(sent * room + i) % waiting.size()]);
    }
    return some;
}

void
Broadcast::Start(ParcelPtr parcel)
{
    auto& station = m_stations[parcel->src];
    station.queue.push_back(parcel);
    if (station.queue.size() == 1) {
        Begin(parcel->src);
    }
}

void
Broadcast::Rest()
{
    Transport::Rest();
    for (auto& station : m_stations) {
        station.answer.Cancel();
        station.in = {};
    }
}

void
Broadcast::Begin(uint32_t device)
{
    auto& [queue, out, in, data, answer] = m_stations[device];
    out = {};
    out.parcel = queue.front();
    out.needed = out.parcel->Frames(m_settings.payload_bytes);
    for (const auto& delivery : out.parcel->to) {
        if (delivery.open) {
            out.waiting.push_back(delivery.dst);
        }
    }
    for (uint32_t i = 0; m_nack && i < out.needed; ++i) {
        out.todo.insert(i);
    }
    data = Simulator::Schedule(out.waiting.empty() ? Time() : DataGap(device), &Broadcast::Slot, this, device);
}

void
Broadcast::Finish(uint32_t device)
{
    auto& station = m_stations[device];
    const auto parcel = station.queue.front();
    station.queue.pop_front();
    station.data.Cancel();
    station.out = {};
    Through(parcel);
    if (!station.queue.empty()) {
        Begin(device);
    }
}

void
Broadcast::Forget(const ParcelPtr& parcel, uint16_t dst)
{
    if (m_stations[parcel->src].out.parcel == parcel) {
        Done(parcel->src, dst);
    }
}

void
Broadcast::Done(uint32_t device, uint16_t receiver)
{
    auto& waiting = m_stations[device].out.waiting;
    if (std::erase(waiting, receiver) && waiting.empty()) {
        Finish(device);
    }
}

Time
Broadcast::DataGap(uint32_t device)
{
    const auto body = m_stations[device].out.parcel->FrameBytes(0, m_settings.payload_bytes);
    return m_pacer.Gap(device, FrameHeader::FIXED_BYTES + body);
}

void
Broadcast::Slot(uint32_t device)
{
    auto& out = m_stations[device].out;
    if (out.waiting.empty()) {
        Finish(device);
        return;
    }
    const bool poll = m_nack && out.todo.empty();
    if (!m_air.At(device).Busy()) {
        poll ? SendPoll(device) : SendData(device);
    }
    if (!m_none || out.sent < out.needed) {
        m_stations[device].data = Simulator::Schedule(DataGap(device), &Broadcast::Slot, this, device);
    }
}

FrameHeader
Broadcast::Header(uint32_t device, Kind kind) const
{
    FrameHeader header;
    header.kind = kind;
    header.source = device;
    return header;
}

void
Broadcast::SendData(uint32_t device)
{
    auto& [queue, out, in, data, answer] = m_stations[device];
    auto header = Header(device, Kind::DATA);
    header.number = out.parcel->number;
    header.sequence = m_nack ? out.todo.extract(out.todo.begin()).value() : out.sent;
    header.size_bytes = out.parcel->size_bytes;
    header.degree = m_graph.Degree(device);
    ++out.sent;
    if (!m_none) {
        header.names = out.todo.empty() ? out.SomeWaiting(FrameHeader::NAMES) : std::vector<uint16_t>{};
        header.receipts = in.Latest(FrameHeader::RECEIPTS);
        if (in.told == in.whole.size() && in.asked_by.empty()) {
            answer.Cancel();
        }
    }
    const auto frame = Radio::Frame(header, out.parcel->FrameBytes(header.sequence, m_settings.payload_bytes));
    out.packet = frame->GetUid();
    m_air.At(device).Send(frame);
}

void
Broadcast::SendPoll(uint32_t device)
{
    const auto& out = m_stations[device].out;
    auto header = Header(device, Kind::POLL);
    header.number = out.parcel->number;
    header.names = out.waiting;
    const auto room = (m_air.At(device).MaxBytes() - FrameHeader::FIXED_BYTES) / FrameHeader::NAME_BYTES;
    header.names.resize(std::min<size_t>(header.names.size(), room));
    m_air.At(device).Send(Radio::Frame(header, 0));
}

void
Broadcast::OnAir(uint32_t device, const Sending& sending)
{
    auto& out = m_stations[device].out;
    if (!out.parcel || sending.packet->GetUid() != out.packet) {
        return;
    }
    ++m_air.At(device).data_frames;
    for (auto& delivery : out.parcel->to) {
        Count(delivery, false);
    }
    if (m_none && out.sent == out.needed) {
        const auto after = sending.duration + NanoSeconds(SETTLED_NS);
        m_stations[device].data = Simulator::Schedule(after, &Broadcast::Lost, this, device);
    }
}

/// The last frame has left the air: what has not arrived never will.
void
Broadcast::Lost(uint32_t device)
{
    const auto parcel = m_stations[device].out.parcel;
    for (auto& delivery : parcel->to) {
        m_ledger.End(*parcel, delivery, Cause::FRAMES_LOST);
    }
    Finish(device);
}

}  // namespace testbed
