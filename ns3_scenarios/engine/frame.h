// The header that every frame of ours begins with. All of its bytes travel and cost air time.
#pragma once

#include "ns3/header.h"

#include <cstdint>
#include <vector>

namespace testbed {

enum class Kind : uint8_t {
    HELLO,
    DATA,
    DONE,  ///< names messages that are whole at its sender
    POLL,  ///< asks those named for what they miss
    NACK,  ///< names frames that its sender misses of one message
};

/// Says which message of a source is meant: the low bits of its number do, as old frames live for a moment only.
struct Receipt {
    uint16_t source, number;
    bool operator==(const Receipt&) const = default;
};

class FrameHeader : public ns3::Header {
  public:
    static constexpr uint32_t FIXED_BYTES = 1 + 2 + 4 + 4 + 4 + 2 + 2 + 2;
    static constexpr uint32_t RECEIPT_BYTES = 4, NAME_BYTES = 2;

    /// Entries in the lists of a DATA frame, so that payload_bytes = 2240 still fits 802.11's largest MSDU.
    static constexpr size_t RECEIPTS = 4, NAMES = 8;

    Kind kind = Kind::HELLO;
    uint16_t source = 0;
    uint32_t number = 0;      ///< HELLO: the round; DATA, POLL: which message of the source
    uint32_t sequence = 0;    ///< HELLO: how many came before; DATA: frame or code symbol; NACK: the first frame missed
    uint32_t size_bytes = 0;  ///< DATA: of the whole message
    uint16_t degree = 0;      ///< DATA: neighbours of the source, which mixing weights need
    std::vector<Receipt> receipts;  ///< DATA, DONE: what is whole here; NACK: the message whose frames are named
    std::vector<uint16_t> names;    ///< HELLO: devices heard; DATA, POLL: those awaited; NACK: frames after `sequence`

    bool Names(uint16_t id) const;

    static ns3::TypeId GetTypeId();
    ns3::TypeId GetInstanceTypeId() const override { return GetTypeId(); }
    uint32_t GetSerializedSize() const override;
    void Serialize(ns3::Buffer::Iterator at) const override;
    uint32_t Deserialize(ns3::Buffer::Iterator at) override;
    void Print(std::ostream& out) const override;
};

}  // namespace testbed
