#include "models.h"

#include "names.h"

#include "ns3/mobility-model.h"
#include "ns3/object-factory.h"
#include "ns3/string.h"

#include <algorithm>
#include <sstream>
#include <stdexcept>

using namespace ns3;

namespace testbed {

std::vector<std::string>
KindsOf(TypeId parent)
{
    std::vector<std::string> names;
    for (uint16_t i = 0; i < TypeId::GetRegisteredN(); ++i) {
        if (auto id = TypeId::GetRegistered(i); id.IsChildOf(parent) && id.HasConstructor()) {
            names.push_back(id.GetName());
        }
    }
    std::sort(names.begin(), names.end());
    return names;
}

static std::string
Joined(const std::vector<std::string>& names)
{
    std::string text;
    for (const auto& name : names) {
        text += (text.empty() ? "" : ", ") + name;
    }
    return text;
}

static std::vector<std::string>
Attributes(TypeId id)
{
    std::vector<std::string> names;
    for (size_t i = 0; i < id.GetAttributeN(); ++i) {
        names.push_back(id.GetAttribute(i).name);
    }
    return names;
}

static TypeId
Lookup(const Model& model, TypeId parent, const std::string& key)
{
    TypeId id;
    if (!TypeId::LookupByNameFailSafe(model.name, &id) || !id.IsChildOf(parent) || !id.HasConstructor()) {
        throw std::invalid_argument(key + ": '" + model.name + "' is no " + parent.GetName() + " of this ns-3. It has " +
                                    Joined(Nearest(model.name, KindsOf(parent))) + ".");
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

Ptr<Object>
CreateNamed(const Model& model, TypeId parent, const std::string& key)
{
    const auto id = Lookup(model, parent, key);
    auto object = ObjectFactory(model.name).Create<Object>();
    for (const auto& [name, value] : model.attributes) {
        TypeId::AttributeInformation info;
        if (!id.LookupAttributeByName(name, &info)) {
            throw std::invalid_argument(key + ": " + model.name + " has no attribute '" + name + "'. It has " +
                                        Joined(Nearest(name, Attributes(id))) + ".");
        }
        if (!IsReadable(value, info) || !object->SetAttributeFailSafe(name, StringValue(value))) {
            throw std::invalid_argument(key + ": " + model.name + " does not take " + name + " = '" + value +
                                        "'; allowed is " + (info.checker->HasUnderlyingTypeInformation() ? info.checker->GetUnderlyingTypeInformation()
                                                                                  : info.checker->GetValueTypeName()) +
                                        ".");
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
