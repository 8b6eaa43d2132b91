#include "models.h"

#include "names.h"

#include "ns3/mobility-model.h"
#include "ns3/object-factory.h"
#include "ns3/pointer.h"
#include "ns3/string.h"

#include <algorithm>
#include <optional>
#include <sstream>
#include <stdexcept>

using namespace ns3;

namespace testbed {

static bool
IsKindOf(TypeId id, TypeId parent)
{
    return (id == parent || id.IsChildOf(parent)) && id.HasConstructor();
}

std::vector<std::string>
KindsOf(TypeId parent)
{
    std::vector<std::string> names;
    for (uint16_t i = 0; i < TypeId::GetRegisteredN(); ++i) {
        if (auto id = TypeId::GetRegistered(i); IsKindOf(id, parent)) {
            names.push_back(id.GetName());
        }
    }
    std::sort(names.begin(), names.end());
    return names;
}

/// Its own first, then those that it has from its parents.
static std::vector<std::string>
Attributes(TypeId id)
{
    std::vector<std::string> names;
    for (bool more = true; more; more = id.HasParent(), id = id.GetParent()) {
        for (size_t i = 0; i < id.GetAttributeN(); ++i) {
            names.push_back(id.GetAttribute(i).name);
        }
    }
    return names;
}

/// What there is in place of `unknown`; of long lists what is nearest.
static std::string
Offer(const std::string& unknown, const std::vector<std::string>& known)
{
    const auto count = known.size() > SHOWN ? " (the nearest of " + std::to_string(known.size()) + ")" : "";
    return "It has " + (known.empty() ? "none" : Nearest(unknown, known)) + count + ".";
}

static TypeId
Lookup(const std::string& name, TypeId parent, const std::string& key)
{
    TypeId id;
    if (!TypeId::LookupByNameFailSafe(name, &id) || !IsKindOf(id, parent)) {
        throw std::invalid_argument(key + ": '" + name + "' is no " + parent.GetName() + " of this ns-3. " +
                                    Offer(name, KindsOf(parent)));
    }
    return id;
}

/// Whether `text` is a whole number or decimal where `info` wants one: ns-3 aborts on one that it cannot read.
static bool
IsReadable(const std::string& text, const TypeId::AttributeInformation& info)
{
    const auto kind = info.checker->GetValueTypeName();
    if (kind != "ns3::DoubleValue" && kind != "ns3::IntegerValue" && kind != "ns3::UintegerValue") {
        return true;
    }
    std::istringstream in(text);
    double number;
    return (in >> number) && in.peek() == std::istringstream::traits_type::eof();
}

static std::invalid_argument
Refusal(const Model& model, const std::pair<std::string, std::string>& given, const AttributeChecker& checker,
        const std::string& key)
{
    const auto allowed = checker.HasUnderlyingTypeInformation() ? checker.GetUnderlyingTypeInformation() : checker.GetValueTypeName();
    return std::invalid_argument(key + ": " + model.name + " does not take " + given.first + " = '" + given.second +
                                 "'; allowed is " + allowed + ".");
}

/// An object as attributes name it, "ns3::Class" or "ns3::Class[Name=value|Name=value]"; nothing if ns-3 cannot read it.
/// It reads up to the first blank and the first bracket that closes, so none can be within.
static std::optional<Model>
Nested(const std::string& text)
{
    const auto bracket = text.find('[');
    Model model{text.substr(0, bracket), {}, {}};
    if (bracket == std::string::npos) {
        return model;
    }
    if (text.find_first_of("[] \t\n\v\f\r", bracket + 1) != text.size() - 1 || text.back() != ']') {
        return {};
    }
    std::istringstream parts(text.substr(bracket + 1, text.size() - bracket - 2));
    for (std::string part; std::getline(parts, part, '|');) {
        const auto equal = part.find('=');
        if (equal == std::string::npos) {
            return {};
        }
        model.attributes.emplace_back(part.substr(0, equal), part.substr(equal + 1));
    }
    return model;
}

/// The class of `model`, when all that it names is known to exist and nothing was made yet.
static TypeId
Checked(const Model& model, TypeId parent, const std::string& key)
{
    const auto id = Lookup(model.name, parent, key);
    for (const auto& [name, value] : model.attributes) {
        TypeId::AttributeInformation info;
        if (!id.LookupAttributeByName(name, &info)) {
            throw std::invalid_argument(key + ": " + model.name + " has no attribute '" + name + "'. " +
                                        Offer(name, Attributes(id)));
        }
        if (const auto pointer = DynamicCast<const PointerChecker>(info.checker)) {
            const auto nested = Nested(value);
            if (!nested) {
                throw Refusal(model, {name, value}, *info.checker, key);
            }
            Checked(*nested, pointer->GetPointeeTypeId(), key + "." + name);
        } else if (!IsReadable(value, info) || !info.checker->CreateValidValue(StringValue(value))) {
            throw Refusal(model, {name, value}, *info.checker, key);
        }
    }
    return id;
}

Ptr<Object>
CreateNamed(const Model& model, TypeId parent, const std::string& key)
{
    const auto id = Checked(model, parent, key);
    auto object = ObjectFactory(model.name).Create<Object>();
    for (const auto& [name, value] : model.attributes) {
        if (!object->SetAttributeFailSafe(name, StringValue(value))) {
            TypeId::AttributeInformation info;
            id.LookupAttributeByName(name, &info);
            throw Refusal(model, {name, value}, *info.checker, key);
        }
    }
    return object;
}

static void
SetLosses(const Model& model, Ptr<PropagationLossModel> loss, const NodeContainer& nodes)
{
    auto matrix = DynamicCast<MatrixPropagationLossModel>(loss);
    if (!matrix) {
        throw std::invalid_argument("network.loss: losses_db is for ns3::MatrixPropagationLossModel alone.");
    }
    if (nodes.GetN() > 0 && !nodes.Get(0)->GetObject<MobilityModel>()) {
        throw std::invalid_argument("network.loss: losses_db needs devices that stand somewhere before the script runs.");
    }
    for (uint32_t i = 0; i < nodes.GetN(); ++i) {
        for (uint32_t j = 0; j < nodes.GetN(); ++j) {
            if (i != j) {
                matrix->SetLoss(nodes.Get(i)->GetObject<MobilityModel>(), nodes.Get(j)->GetObject<MobilityModel>(),
                                model.losses_db.at(i).at(j), false);
            }
        }
    }
}

Ptr<PropagationLossModel>
LossChain(const std::vector<Model>& models, const NodeContainer& nodes)
{
    Ptr<PropagationLossModel> first, last;
    for (const auto& model : models) {
        auto loss = DynamicCast<PropagationLossModel>(CreateNamed(model, PropagationLossModel::GetTypeId(), "network.loss"));
        if (!model.losses_db.empty()) {
            SetLosses(model, loss, nodes);
        }
        if (last) {
            last->SetNext(loss);
        } else {
            first = loss;
        }
        last = loss;
    }
    return first;
}

}  // namespace testbed
