/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "cli/file-hostile.h"

#include <string.h>

#include "cli/file/wherry-file-hash.h"
#include "cli/file/wherry-file-limits.h"

static void
say (GQueue *records, const WherryFileRecord *record)
{
  g_queue_push_tail (records, wherry_file_record_write (record));
}

static void
say_offer (GQueue *records, guint32 number, guint64 size)
{
  say (records,
       &(WherryFileRecord){ .type = WHERRY_FILE_RECORD_OFFER, .number = number, .size = size });
}

static void
say_entry (GQueue *records, const char *path, gsize length, guint64 size)
{
  const WherryFileEntry entry = { .size = size, .path = path, .path_length = length };
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  wherry_file_entry_append (&entry, bytes);
  say (records, &(WherryFileRecord){ .type = WHERRY_FILE_RECORD_ENTRIES,
                                     .bytes = bytes->data,
                                     .length = bytes->len });
}

static void
say_one (GQueue *records, const char *path, guint64 size)
{
  say_offer (records, 1, size);
  say_entry (records, path, strlen (path), size);
}

static void
say_file (GQueue *records, guint32 index, guint64 offset)
{
  say (records,
       &(WherryFileRecord){ .type = WHERRY_FILE_RECORD_FILE, .number = index, .size = offset });
}

static void
say_data (GQueue *records, const char *text)
{
  say (records, &(WherryFileRecord){ .type = WHERRY_FILE_RECORD_DATA,
                                     .bytes = (const guint8 *) text,
                                     .length = strlen (text) });
}

static void
say_end (GQueue *records, const char *text)
{
  g_autoptr (WherryFileHash) hash = wherry_file_hash_new ();
  guint8 digest[WHERRY_FILE_HASH_SIZE];

  wherry_file_hash_update (hash, text, strlen (text));
  wherry_file_hash_peek (hash, digest);
  say (records, &(WherryFileRecord){ .type = WHERRY_FILE_RECORD_END, .hash = digest });
}

static void
say_done (GQueue *records)
{
  say (records, &(WherryFileRecord){ .type = WHERRY_FILE_RECORD_DONE });
}

static void
say_raw (GQueue *records, const void *data, gsize length)
{
  g_queue_push_tail (records, g_bytes_new (data, length));
}

/* ---- names ---- */

static void
climb (GQueue *records)
{
  say_one (records, "../x", 1);
}

static void
climb_inside (GQueue *records)
{
  say_one (records, "a/b/../../../x", 1);
}

static void
absolute (GQueue *records)
{
  say_one (records, "/tmp/wherry-hostile", 1);
}

static void
control (GQueue *records)
{
  say_one (records, "a\033]0;x\007b", 1);
}

static void
nul (GQueue *records)
{
  say_offer (records, 1, 1);
  say_entry (records, "a\0/../../x", 10, 1);
}

static void
overlong (GQueue *records)
{
  say_one (records, "\xc0\xae\xc0\xae\xc0\xafx", 1);
}

static void
long_name (GQueue *records)
{
  g_autofree char *name = g_strnfill (300, 'n');

  say_one (records, name, 1);
}

static void
another_part (GQueue *records)
{
  say_one (records, ".x.wherry-part", 1);
}

static void
empty_name (GQueue *records)
{
  say_one (records, "", 1);
}

static void
twice (GQueue *records)
{
  say_offer (records, 2, 2);
  say_entry (records, "a", 1, 1);
  say_entry (records, "a", 1, 1);
}

static void
below_a_file (GQueue *records)
{
  say_offer (records, 2, 2);
  say_entry (records, "a", 1, 1);
  say_entry (records, "a/b", 3, 1);
}

/* the protocol has no kind for one: the nearest is a number that it does not know */
static void
symlink_entry (GQueue *records)
{
  g_autoptr (GBytes) good = NULL;
  g_autofree guint8 *bad = NULL;
  gsize length;

  say_one (records, "link", 1);
  good = g_queue_pop_tail (records);
  bad = g_memdup2 (g_bytes_get_data (good, &length), g_bytes_get_size (good));
  bad[1] = 2;
  say_raw (records, bad, length);
}

/* ---- numbers ---- */

static void
two_to_the_sixty (GQueue *records)
{
  say_one (records, "a", G_GUINT64_CONSTANT (1) << 60);
}

static void
overflow (GQueue *records)
{
  say_offer (records, 2, 0);
  say_entry (records, "a", 1, G_GUINT64_CONSTANT (1) << 63);
  say_entry (records, "b", 1, G_GUINT64_CONSTANT (1) << 63);
}

static void
other_sum (GQueue *records)
{
  say_offer (records, 1, 1);
  say_entry (records, "a", 1, 2);
}

static void
more_entries (GQueue *records)
{
  say_offer (records, 1, 0);
  say_entry (records, "a", 1, 0);
  say_entry (records, "b", 1, 0);
}

static void
too_many (GQueue *records)
{
  say_offer (records, G_MAXUINT32, 0);
}

static void
none (GQueue *records)
{
  say_offer (records, 0, 0);
}

/* ---- contents ---- */

static void
wrong_hash (GQueue *records)
{
  say_offer (records, 1, 3);
  say_entry (records, "d/a", 3, 3);
  say_file (records, 0, 0);
  say_data (records, "abc");
  say_end (records, "abd");
}

static void
more_data (GQueue *records)
{
  say_one (records, "d/a", 3);
  say_file (records, 0, 0);
  say_data (records, "abcd");
}

static void
less_data (GQueue *records)
{
  say_one (records, "d/a", 3);
  say_file (records, 0, 0);
  say_data (records, "ab");
  say_end (records, "ab");
}

static void
offset (GQueue *records)
{
  say_one (records, "d/a", 3);
  say_file (records, 0, 2);
}

static void
other_index (GQueue *records)
{
  say_one (records, "d/a", 3);
  say_file (records, 1, 0);
}

static void
early_done (GQueue *records)
{
  say_one (records, "d/a", 3);
  say_done (records);
}

static void
done_in_a_file (GQueue *records)
{
  say_one (records, "d/a", 3);
  say_file (records, 0, 0);
  say_data (records, "abc");
  say_done (records);
}

static void
file_in_a_file (GQueue *records)
{
  say_one (records, "d/a", 3);
  say_file (records, 0, 0);
  say_file (records, 0, 0);
}

static void
data_without_a_file (GQueue *records)
{
  say_one (records, "d/a", 3);
  say_data (records, "abc");
}

/* ---- nonsense ---- */

static void
unasked_plan (GQueue *records)
{
  static const guint8 hash[WHERRY_FILE_HASH_SIZE];

  say_one (records, "a", 1);
  say (records, &(WherryFileRecord){ .type = WHERRY_FILE_RECORD_PLAN, .hash = hash });
}

static void
two_offers (GQueue *records)
{
  say_offer (records, 1, 1);
  say_offer (records, 1, 1);
}

static void
unknown (GQueue *records)
{
  say_raw (records, "\x77", 1);
}

static void
nothing (GQueue *records)
{
  say_raw (records, "", 0);
}

static void
half_an_entry (GQueue *records)
{
  guint8 record[30] = { WHERRY_FILE_RECORD_ENTRIES };

  record[20] = 200; /* of a path of which nine bytes are there */
  say_offer (records, 1, 0);
  say_raw (records, record, sizeof record);
}

static void
as_a_receiver (GQueue *records)
{
  say (records, &(WherryFileRecord){ .type = WHERRY_FILE_RECORD_SAVED });
}

#define REFUSED WHERRY_FILE_ERROR_REFUSED
#define PROTOCOL WHERRY_FILE_ERROR_PROTOCOL

const WherryTestHostile wherry_test_hostile[] = {
  { "climb", climb, REFUSED, "out of the folder" },
  { "climb-inside", climb_inside, REFUSED, "out of the folder" },
  { "absolute", absolute, REFUSED, "out of the folder" },
  { "control", control, REFUSED, "control characters" },
  { "nul", nul, REFUSED, "UTF-8" },
  { "overlong", overlong, REFUSED, "UTF-8" },
  { "long-name", long_name, REFUSED, "too long" },
  { "another-part", another_part, REFUSED, "unfinished" },
  { "empty-name", empty_name, REFUSED, "no name" },
  { "twice", twice, REFUSED, "twice" },
  { "below-a-file", below_a_file, REFUSED, "below a file" },
  { "symlink", symlink_entry, PROTOCOL, "neither a file nor a folder" },
  { "two-to-the-sixty", two_to_the_sixty, WHERRY_FILE_ERROR_NO_SPACE, "space" },
  { "overflow", overflow, REFUSED, "larger than any disk" },
  { "other-sum", other_sum, REFUSED, "announced" },
  { "more-entries", more_entries, PROTOCOL, "out of turn" },
  { "too-many", too_many, REFUSED, "too many" },
  { "none", none, REFUSED, "too many files are offered, or none" },
  { "wrong-hash", wrong_hash, WHERRY_FILE_ERROR_UNVERIFIED, "SHA-256" },
  { "more-data", more_data, PROTOCOL, "more of a file" },
  { "less-data", less_data, PROTOCOL, "less of a file" },
  { "offset", offset, PROTOCOL, "out of turn" },
  { "other-index", other_index, PROTOCOL, "out of turn" },
  { "early-done", early_done, PROTOCOL, "before everything" },
  { "done-in-a-file", done_in_a_file, PROTOCOL, "before everything" },
  { "file-in-a-file", file_in_a_file, PROTOCOL, "out of turn" },
  { "data-without-a-file", data_without_a_file, PROTOCOL, "more of a file" },
  { "unasked-plan", unasked_plan, PROTOCOL, "out of turn" },
  { "two-offers", two_offers, PROTOCOL, "out of turn" },
  { "unknown", unknown, PROTOCOL, "unknown" },
  { "nothing", nothing, PROTOCOL, "unknown" },
  { "half-an-entry", half_an_entry, PROTOCOL, "ends too early" },
  { "as-a-receiver", as_a_receiver, PROTOCOL, "out of turn" },
  { NULL },
};
