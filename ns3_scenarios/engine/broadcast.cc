#include "broadcast.h"

#include "ns3/simulator.h"

using namespace ns3;

namespace testbed {

// After the end of a frame, the time in which its copies have reached everyone (a SIFS is 4.8 km of light).
static const Time SETTLED = MicroSeconds(16);

Broadcast::Broadcast(Air& air, const Settings& settings, const Graph& graph, uint32_t round, int64_t first_stream,
                     std::function<void()> over)
    : m_air(air),
      m_settings(settings),
      m_graph(graph),
      m_round(round),
      m_over(std::move(over)),
      m_stations(air.Size())
{
    for (uint32_t device = 0; device < m_stations.size(); ++device) {
        auto& station = m_stations[device];
        station.crowd = graph.TwoHops(device);
        station.gap = CreateObject<ExponentialRandomVariable>();
        station.gap->SetStream(first_stream++);
    }
}

Broadcast::~Broadcast()
{
    for (auto& station : m_stations) {
        station.data.Cancel();
        station.done.Cancel();
    }
}

void
Broadcast::Add(const Message& message, Time start)
{
    auto& station = m_stations[message.src];
    auto& out = station.out;
    const int64_t payload = m_settings.payload_bytes;
    out.size_bytes = message.size_bytes;
    out.symbols = std::max<int64_t>(1, (message.size_bytes + payload - 1) / payload);
    out.waiting = m_graph.neighbours[message.src];
    if (out.waiting.empty()) {
        return;
    }
    m_open += out.waiting.size();
    ++m_sending;
    const auto wait = start - Simulator::Now() + Gap(message.src, out.SymbolBytes(0, payload));
    station.data = Simulator::Schedule(wait, &Broadcast::Data, this, message.src);
}

Time
Broadcast::Gap(uint32_t device, uint32_t bytes)
{
    auto& station = m_stations[device];
    const auto frame_ns = m_air.FrameTime(FrameHeader::FIXED_BYTES + bytes).GetNanoSeconds();
    const double mean_ns = station.crowd * frame_ns / m_settings.load;
    return NanoSeconds(int64_t(station.gap->GetValue(mean_ns, 0)));
}

void
Broadcast::Data(uint32_t device)
{
    auto& out = m_stations[device].out;
    if (out.waiting.empty()) {
        return;
    }
    if (!m_air.At(device).Busy()) {
        SendSymbol(device);
    }
    if (Fountain() || out.sent < out.symbols) {
        const auto gap = Gap(device, out.SymbolBytes(0, m_settings.payload_bytes));
        m_stations[device].data = Simulator::Schedule(gap, &Broadcast::Data, this, device);
    }
}

FrameHeader
Broadcast::Header(uint32_t device, Kind kind) const
{
    FrameHeader header;
    header.kind = kind;
    header.source = device;
    header.round = m_round;
    return header;
}

void
Broadcast::SendSymbol(uint32_t device)
{
    auto& [out, in, data, done, gap, crowd] = m_stations[device];
    auto header = Header(device, Kind::DATA);
    header.sequence = out.sent;
    header.size_bytes = out.size_bytes;
    header.degree = m_graph.Degree(device);
    if (Fountain()) {
        header.waiting = out.SomeWaiting(FrameHeader::MAX_LISTED);
        header.have = in.Latest(FrameHeader::MAX_LISTED);
        if (in.told == in.whole.size()) {
            done.Cancel();
        }
    }
    const auto frame = Radio::Frame(header, out.SymbolBytes(out.sent, m_settings.payload_bytes));
    out.first_packet = out.sent == 0 ? frame->GetUid() : out.first_packet;
    out.last_packet = frame->GetUid();
    ++out.sent;
    m_air.At(device).Send(frame);
}

void
Broadcast::OnAir(uint32_t device, uint64_t packet, Time duration)
{
    auto& out = m_stations[device].out;
    if (out.sent == 0) {
        return;
    }
    if (packet == out.first_packet) {
        out.started_ns = Simulator::Now().GetNanoSeconds();
    }
    if (!Fountain() && out.sent == out.symbols && packet == out.last_packet) {
        m_stations[device].data = Simulator::Schedule(duration + SETTLED, &Broadcast::Through, this, device);
    }
}

void
Broadcast::Through(uint32_t device)
{
    m_stations[device].out.through = true;
    if (--m_sending == 0) {
        m_over();
    }
}

void
Broadcast::Receive(uint32_t device, const FrameHeader& header)
{
    if (!m_graph.Linked(device, header.source)) {
        return;
    }
    TakeDone(device, header);
    if (header.kind == Kind::DATA) {
        TakeSymbol(device, header);
    }
}

void
Broadcast::TakeSymbol(uint32_t device, const FrameHeader& header)
{
    auto& in = m_stations[device].in;
    auto& progress = in.from[header.source];
    if (progress.arrived_ns != NEVER) {
        if (std::count(header.waiting.begin(), header.waiting.end(), device)) {
            in.Tell(header.source);
            ScheduleDone(device);
        }
        return;
    }
    // Every frame of a source carries another symbol, so that counting them is counting distinct ones.
    if (++progress.symbols < m_stations[header.source].out.symbols) {
        return;
    }
    progress.arrived_ns = Simulator::Now().GetNanoSeconds();
    in.Tell(header.source);
    if (--m_open == 0) {
        m_over();
    }
}

void
Broadcast::TakeDone(uint32_t device, const FrameHeader& header)
{
    if (std::count(header.have.begin(), header.have.end(), device)) {
        std::erase(m_stations[device].out.waiting, header.source);
    }
}

void
Broadcast::ScheduleDone(uint32_t device)
{
    auto& station = m_stations[device];
    if (!station.done.IsPending()) {
        station.done = Simulator::Schedule(Gap(device, 2 * station.in.whole.size()), &Broadcast::Done, this, device);
    }
}

void
Broadcast::Done(uint32_t device)
{
    auto& in = m_stations[device].in;
    if (m_air.At(device).Busy()) {
        ScheduleDone(device);
        return;
    }
    auto header = Header(device, Kind::DONE);
    header.have = in.Latest((m_air.At(device).MaxBytes() - FrameHeader::FIXED_BYTES) / 2);
    m_air.At(device).Send(Radio::Frame(header, 0));
}

Deliveries
Broadcast::Result() const
{
    Deliveries rows;
    for (uint32_t src = 0; src < m_stations.size(); ++src) {
        const auto& out = m_stations[src].out;
        if (out.symbols == 0) {
            continue;
        }
        for (auto dst : m_graph.neighbours[src]) {
            const auto& from = m_stations[dst].in.from;
            const auto found = from.find(src);
            const auto arrived_ns = found == from.end() ? NEVER : found->second.arrived_ns;
            const auto lost = out.through ? Cause::FRAMES_LOST : Cause::DEADLINE;
            rows.src.push_back(src);
            rows.dst.push_back(dst);
            rows.size_bytes.push_back(out.size_bytes);
            rows.started_ns.push_back(out.started_ns);
            rows.arrived_ns.push_back(arrived_ns);
            rows.frames.push_back(out.sent);
            rows.retries.push_back(0);  // broadcast frames have no acknowledgement
            rows.cause.push_back(static_cast<uint8_t>(arrived_ns == NEVER ? lost : Cause::ARRIVED));
        }
    }
    return rows;
}

std::vector<int64_t>
Broadcast::DataFrames() const
{
    std::vector<int64_t> frames;
    for (const auto& station : m_stations) {
        frames.push_back(station.out.sent);
    }
    return frames;
}

}  // namespace testbed
