"""Parts of a sweep that run separately: contiguous ranges of its blocks, equal in size to within
one block."""

import argparse


def blocks_of_shard(blocks, number, count, after=0):
    """The blocks of shard `number` of `count`, counted from 1, as a range; only those from `after`
    on are divided."""
    new = blocks - after
    return range(after + (number - 1) * new // count, after + number * new // count)


def shard_of(text):
    """(number, count) of K/N, for argparse."""
    number, slash, count = text.partition("/")
    if not (slash and number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a shard K/N, such as 1/16")
    return int(number), int(count)


def rows_of(row, blocks):
    """The rows of a sweep's table that belong to given blocks."""
    return {name: values[blocks.start : blocks.stop] for name, values in row.items()}
