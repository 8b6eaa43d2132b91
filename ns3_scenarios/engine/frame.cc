#include "frame.h"

#include <algorithm>

using namespace ns3;

namespace testbed {

NS_OBJECT_ENSURE_REGISTERED(FrameHeader);

TypeId
FrameHeader::GetTypeId()
{
    static TypeId id = TypeId("testbed::FrameHeader").SetParent<Header>().AddConstructor<FrameHeader>();
    return id;
}

bool
FrameHeader::Names(uint16_t id) const
{
    return std::count(names.begin(), names.end(), id) > 0;
}

uint32_t
FrameHeader::GetSerializedSize() const
{
    return FIXED_BYTES + RECEIPT_BYTES * receipts.size() + NAME_BYTES * names.size();
}

void
FrameHeader::Serialize(Buffer::Iterator at) const
{
    at.WriteU8(static_cast<uint8_t>(kind));
    at.WriteHtonU16(source);
    at.WriteHtonU32(number);
    at.WriteHtonU32(sequence);
    at.WriteHtonU32(size_bytes);
    at.WriteHtonU16(degree);
    at.WriteHtonU16(receipts.size());
    at.WriteHtonU16(names.size());
    for (const auto& receipt : receipts) {
        at.WriteHtonU16(receipt.source);
        at.WriteHtonU16(receipt.number);
    }
    for (auto name : names) {
        at.WriteHtonU16(name);
    }
}

uint32_t
FrameHeader::Deserialize(Buffer::Iterator at)
{
    kind = static_cast<Kind>(at.ReadU8());
    source = at.ReadNtohU16();
    number = at.ReadNtohU32();
    sequence = at.ReadNtohU32();
    size_bytes = at.ReadNtohU32();
    degree = at.ReadNtohU16();
    receipts.resize(at.ReadNtohU16());
    names.resize(at.ReadNtohU16());
    for (auto& receipt : receipts) {
        receipt.source = at.ReadNtohU16();
        receipt.number = at.ReadNtohU16();
    }
    for (auto& name : names) {
        name = at.ReadNtohU16();
    }
    return GetSerializedSize();
}

void
FrameHeader::Print(std::ostream& out) const
{
    out << "source=" << source << " number=" << number << " sequence=" << sequence;
}

}  // namespace testbed
