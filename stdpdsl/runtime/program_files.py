"""What a program reads when it starts, and what it leaves: one file each.

A network has about fifty arrays. Creating a file for each takes a third as long as simulating a
small network. So a file holds all arrays, one after the other, and an index has a line for each:
its name and the number of its bytes.
"""

import re

import numpy as np

from .errors import ProgramError

ARRAYS, INDEX = "arrays", "index"

# Goes into both units. `number` is also called before main(), for global sizes.
PROGRAM_FILES = r"""
#pragma once
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>
namespace brian {
inline std::clock_t wall_clock() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration<double>(now).count() * CLOCKS_PER_SEC;
}
size_t input_size(const std::string &name);
void read_input(const std::string &name, void *into, size_t size);
double number(int index);
template <class T> void load(const std::string &name, T *into, size_t count) {
    read_input(name, into, count * sizeof(T));
}
template <class T> void load(const std::string &name, std::vector<T> &into) {
    load(name, into.data(), into.size());
}
template <class T> void load_all(const std::string &name, std::vector<T> &into) {
    into.resize(input_size(name) / sizeof(T));
    load(name, into);
}
// Stand in for the streams by which Brian2 reads and writes one array.
class InputArray {
    std::string name;
public:
    void open(const std::string &path, std::ios::openmode) { name = path; }
    bool is_open() { return true; }
    void read(char *into, size_t size) { read_input(name, into, size); }
};
class OutputArray {
public:
    void open(const std::string &path, std::ios::openmode);
    bool is_open() { return true; }
    void write(const char *from, size_t size);
    void close() {}
};
void end_output(const std::string &folder);
"""

# Goes into the unit that runs once.
PROGRAM_FILES_CODE = r"""
namespace brian {
static void no_input(const std::string &name) {
    std::cerr << "the input " << name << " is missing or has the wrong size" << std::endl;
    std::exit(70);
}
struct Place {
    std::string name;
    size_t start, size;
};
static const Place &input_place(const std::string &name) {
    static const std::vector<Place> places = []() {
        std::vector<Place> found;
        std::ifstream index("inputs/index");
        Place place = {"", 0, 0};
        for (; index >> place.name >> place.size; place.start += place.size) found.push_back(place);
        return found;
    }();
    for (const Place &place : places) if (place.name == name) return place;
    no_input(name);
    return places[0];
}
size_t input_size(const std::string &name) { return input_place(name).size; }
void read_input(const std::string &name, void *into, size_t size) {
    static std::ifstream arrays("inputs/arrays", std::ios::binary);
    const Place &place = input_place(name);
    if (place.size != size || !arrays.seekg(place.start)) no_input(name);
    if (size && !arrays.read(static_cast<char *>(into), size)) no_input(name);
}
double number(int index) {
    static const std::vector<double> numbers = []() {
        std::vector<double> found;
        load_all("numbers", found);
        return found;
    }();
    if ((size_t)index >= numbers.size()) no_input("numbers");
    return numbers[index];
}
static std::vector<Place> written;
static std::ofstream output;
void OutputArray::open(const std::string &path, std::ios::openmode mode) {
    const size_t end = path.rfind('/') + 1;
    if (!output.is_open()) output.open(path.substr(0, end) + "arrays", mode);
    const Place place = {path.substr(end), 0, 0};
    written.push_back(place);
}
void OutputArray::write(const char *from, size_t size) {
    output.write(from, size);
    written.back().size += size;
}
void end_output(const std::string &folder) {
    std::ofstream index(folder + "index");
    for (const Place &place : written) index << place.name << ' ' << place.size << '\n';
    if (!output.flush() || !index.flush()) {
        std::cerr << "the results could not be written" << std::endl;
        std::exit(70);
    }
}
}
"""


def in_one_file(text):
    """The text of objects.cpp, whose functions read and write each array."""
    text = re.sub(r'\bifstream( (\w+);\s+\2\.open\("static_arrays/)', r"brian::InputArray\1", text)
    text = re.sub(r"\bofstream (outfile__(?:dynamic_)?array_\w+;)", r"brian::OutputArray \1", text)
    end = "    // Write last run info to disk\n"
    if end not in text:
        raise ProgramError("Brian2 writes the results in another way than is known")
    return text.replace(end, f"    brian::end_output(results_dir);\n{end}")


def write_arrays(folder, arrays):
    """Write (name, array or bytes) of each array."""
    with (folder / ARRAYS).open("wb") as file:
        sizes = {name: file.write(values) for name, values in arrays}
    lines = [f"{name} {size}\n" for name, size in sizes.items()]
    (folder / INDEX).write_text("".join(lines), encoding="utf-8")


class Arrays:
    """The arrays in a folder, each read when it is needed."""

    def __init__(self, folder):
        self.file, self.places, start = folder / ARRAYS, {}, 0
        for line in (folder / INDEX).read_text(encoding="utf-8").splitlines():
            name, size = line.split()
            self.places[name] = start, int(size)
            start += int(size)

    def read(self, name, dtype=np.uint8):
        """The values of an array."""
        start, size = self.places[name]
        dtype = np.dtype(dtype)
        return np.fromfile(self.file, dtype, size // dtype.itemsize, offset=start)
