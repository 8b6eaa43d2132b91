// The receiving half of `broadcast`: what is whole, what is missed, and who is told.
#include "broadcast.h"

#include "ns3/simulator.h"

using namespace ns3;

namespace testbed {

void
Broadcast::Receive(uint32_t device, const FrameHeader& header)
{
    switch (header.kind) {
    case Kind::NACK: TakeNack(device, header); return;
    case Kind::POLL: TakePoll(device, header); return;
    case Kind::DATA: TakeData(device, header); break;
    default: break;
    }
    for (const auto& receipt : header.receipts) {
        if (Carries(device, receipt)) {
            Done(device, header.source);
        }
    }
}

bool
Broadcast::Carries(uint32_t device, const Receipt& receipt) const
{
    const auto& parcel = m_stations[device].out.parcel;
    return parcel && receipt == Receipt{uint16_t(device), uint16_t(parcel->number)};
}

void
Broadcast::TakeData(uint32_t device, const FrameHeader& header)
{
    const auto parcel = m_stations[header.source].out.parcel;
    auto* delivery = parcel && parcel->number == header.number ? parcel->To(device) : nullptr;
    if (!delivery || (!delivery->open && delivery->cause != Cause::ARRIVED)) {
        return;
    }
    auto& in = m_stations[device].in;
    auto& progress = in.Of(header.source, header.number);
    if (!progress.whole && TakeFrame(header, progress)) {
        in.Tell({header.source, uint16_t(header.number)});
        m_ledger.End(*parcel, *delivery, Cause::ARRIVED);
    }
    if (header.Names(device)) {
        TakePoll(device, header);
    }
}

/// Whether the message is whole now.
bool
Broadcast::TakeFrame(const FrameHeader& header, Incoming::Progress& progress)
{
    const auto needed = m_stations[header.source].out.needed;
    if (m_nack) {
        progress.got.resize(needed);
        progress.frames += !progress.got[header.sequence];
        progress.got[header.sequence] = true;
    } else {
        ++progress.frames;  // every frame of a source carries another symbol: counting them is counting distinct ones
    }
    return progress.whole = progress.frames == needed;
}

void
Broadcast::TakePoll(uint32_t device, const FrameHeader& header)
{
    auto& in = m_stations[device].in;
    if (!header.Names(device) || !Carries(header.source, {header.source, uint16_t(header.number)})) {
        return;
    }
    if (in.Of(header.source, header.number).whole) {
        in.Tell({header.source, uint16_t(header.number)});
        ScheduleAnswer(device);
    } else if (m_nack) {
        in.asked_by.insert(header.source);
        ScheduleAnswer(device);
    }
}

void
Broadcast::ScheduleAnswer(uint32_t device)
{
    auto& [queue, out, in, data, answer] = m_stations[device];
    if (!answer.IsPending()) {
        const auto bytes = FrameHeader::FIXED_BYTES + FrameHeader::RECEIPT_BYTES * in.whole.size();
        answer = Simulator::Schedule(m_pacer.Gap(device, bytes), &Broadcast::Answer, this, device);
    }
}

void
Broadcast::Answer(uint32_t device)
{
    auto& in = m_stations[device].in;
    if (m_air.At(device).Busy()) {
        ScheduleAnswer(device);
        return;
    }
    std::erase_if(in.asked_by, [&in](auto source) { return in.from[source].whole; });
    if (!in.asked_by.empty()) {
        SendNack(device, in.asked_by.extract(in.asked_by.begin()).value());
    } else {
        auto header = Header(device, Kind::DONE);
        const auto room = m_air.At(device).MaxBytes() - FrameHeader::FIXED_BYTES;
        header.receipts = in.Latest(room / FrameHeader::RECEIPT_BYTES);
        m_air.At(device).Send(Radio::Frame(header, 0));
    }
    if (!in.asked_by.empty() || in.told < in.whole.size()) {
        ScheduleAnswer(device);
    }
}

void
Broadcast::SendNack(uint32_t device, uint16_t source)
{
    const auto& out = m_stations[source].out;
    if (!out.parcel) {
        return;
    }
    const auto& got = m_stations[device].in.Of(source, out.parcel->number).got;
    auto header = Header(device, Kind::NACK);
    header.receipts = {{source, uint16_t(out.parcel->number)}};
    header.sequence = std::find(got.begin(), got.end(), false) - got.begin();
    const auto room = m_air.At(device).MaxBytes() - FrameHeader::FIXED_BYTES - FrameHeader::RECEIPT_BYTES;
    for (uint32_t i = header.sequence + 1; i < out.needed && i - header.sequence <= UINT16_MAX; ++i) {
        if ((i >= got.size() || !got[i]) && header.names.size() < room / FrameHeader::NAME_BYTES) {
            header.names.push_back(i - header.sequence);
        }
    }
    m_air.At(device).Send(Radio::Frame(header, 0));
}

void
Broadcast::TakeNack(uint32_t device, const FrameHeader& header)
{
    if (header.receipts.empty() || !Carries(device, header.receipts.front())) {
        return;
    }
    auto& todo = m_stations[device].out.todo;
    todo.insert(header.sequence);
    for (auto after : header.names) {
        todo.insert(header.sequence + after);
    }
}

}  // namespace testbed
