#include "names.h"

#include "ns3/type-id.h"

#include <algorithm>
#include <exception>
#include <iostream>
#include <numeric>
#include <regex>
#include <unistd.h>

using namespace ns3;

namespace testbed {

/// Levenshtein's distance: letters to insert, drop or exchange.
static size_t
Distance(const std::string& from, const std::string& to)
{
    std::vector<size_t> row(to.size() + 1);
    std::iota(row.begin(), row.end(), 0);
    for (size_t i = 0; i < from.size(); ++i) {
        size_t corner = row[0]++;
        for (size_t j = 0; j < to.size(); ++j) {
            const auto exchanged = corner + (from[i] != to[j]);
            corner = row[j + 1];
            row[j + 1] = std::min({exchanged, corner + 1, row[j] + 1});
        }
    }
    return row.back();
}

std::string
Nearest(const std::string& wanted, std::vector<std::string> names)
{
    std::stable_sort(names.begin(), names.end(), [&wanted](const auto& one, const auto& other) {
        return Distance(wanted, one) < Distance(wanted, other);
    });
    std::string text;
    for (size_t i = 0; i < std::min(names.size(), SHOWN); ++i) {
        text += (i ? ", " : "") + names[i];
    }
    return text;
}

static std::vector<std::string>
AllTypes()
{
    std::vector<std::string> names;
    for (uint16_t i = 0; i < TypeId::GetRegisteredN(); ++i) {
        names.push_back(TypeId::GetRegistered(i).GetName());
    }
    return names;
}

/// Behind the names of the classes that they belong to, as defaults are set.
static std::vector<std::string>
AllAttributes(TypeId id)
{
    std::vector<std::string> names;
    for (bool more = true; more; more = id.HasParent(), id = id.GetParent()) {
        for (size_t i = 0; i < id.GetAttributeN(); ++i) {
            names.push_back(id.GetAttributeFullName(i));
        }
    }
    return names;
}

/// What this process has written to standard error last, where that is a file.
static std::string
LastWords()
{
    std::string text(1000, '\0');
    const auto end = lseek(STDERR_FILENO, 0, SEEK_END);
    const auto begin = std::max<off_t>(0, end - off_t(text.size()));
    const auto count = end < 0 ? 0 : pread(STDERR_FILENO, text.data(), text.size(), begin);
    text.resize(std::max<ssize_t>(0, count));
    return text;
}

static void
Offer(const std::string& unknown, const std::vector<std::string>& known)
{
    std::cerr << "Known are, nearest to " << unknown << ": " << Nearest(unknown, known) << "." << std::endl;
}

static void
Explain(const std::string& type, const std::string& attribute)
{
    TypeId id;
    if (!TypeId::LookupByNameFailSafe(type, &id)) {
        Offer(type, AllTypes());
    } else if (!attribute.empty()) {
        Offer(type + "::" + attribute, AllAttributes(id));
    }
}

/// ns-3's sentences about unknown names: in TypeId::LookupByName, Config::SetDefault, ObjectFactory and ObjectBase.
static void
ExplainAndAbort()
{
    const auto words = LastWords();
    std::smatch found;
    if (std::regex_search(words, found, std::regex(R"((\S+) not found)"))) {
        Explain(found[1], "");
    } else if (std::regex_search(words, found, std::regex(R"(default value for (\S+)::(\w+))"))) {
        Explain(found[1], found[2]);
    } else if (std::regex_search(words, found, std::regex(R"(attribute set \((\S+)\) on ([\w:]+))"))) {
        Explain(found[2], found[1]);
    } else if (std::regex_search(words, found, std::regex(R"(name=(\S+) does not exist for this object: tid=([\w:]+))"))) {
        Explain(found[2], found[1]);
    }
    std::abort();
}

void
ExplainUnknownNames()
{
    std::set_terminate(ExplainAndAbort);
}

}  // namespace testbed
