/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-fuzz"

/* Stands in for libFuzzer in ordinary builds, so that every parser sees its corpus and some seeded
 * mutations of it on each test run: driver CORPUS-DIRECTORY MUTATIONS. Prints TAP. */

#include "config.h"

#include <stdio.h>

#include "fixtures/wherry-mutate.h"
#include "fuzz/fuzz.h"

static void
run_exact (const guint8 *data, gsize length)
{
  g_autofree guint8 *exact = wherry_exact_copy (data, length);

  LLVMFuzzerTestOneInput (exact, length);
}

static GPtrArray *
load_corpus (const char *path)
{
  GPtrArray *corpus = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) dir = g_dir_open (path, 0, &error);
  const char *name;

  g_assert_no_error (error);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);
      char *data = NULL;
      gsize length = 0;

      g_file_get_contents (file, &data, &length, &error);
      g_assert_no_error (error);
      g_ptr_array_add (corpus, g_bytes_new_take (data, length));
    }
  return corpus;
}

/* libFuzzer runs every input by itself; here its shortened forms as well, for parsers that read on
 * behind the end. */
static void
run_prefixes (GBytes *input)
{
  gsize length = 0;
  const guint8 *data = g_bytes_get_data (input, &length);

  for (gsize n = 0; n <= length; n++)
    run_exact (data, n);
}

static void
run_mutations (GPtrArray *corpus, guint64 mutations, guint32 seed)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);

  for (guint64 i = 0; i < mutations; i++)
    {
      gsize length = 0;
      gsize mutated_length = 0;
      const guint8 *data = g_bytes_get_data (g_ptr_array_index (corpus, i % corpus->len), &length);
      g_autofree guint8 *mutated = wherry_mutate (rand, data, length, &mutated_length);

      LLVMFuzzerTestOneInput (mutated, mutated_length);
    }
}

int
main (int argc, char *argv[])
{
  g_autoptr (GPtrArray) corpus = NULL;
  guint64 mutations = 0;

  if (argc != 3 || !g_ascii_string_to_unsigned (argv[2], 10, 1, G_MAXUINT32, &mutations, NULL))
    {
      fprintf (stderr, "usage: %s CORPUS-DIRECTORY MUTATIONS\n", argv[0]);
      return 2;
    }
  printf ("1..2\n");
  corpus = load_corpus (argv[1]);
  g_assert_cmpuint (corpus->len, >, 0);
  for (guint i = 0; i < corpus->len; i++)
    run_prefixes (g_ptr_array_index (corpus, i));
  printf ("ok 1 every prefix of %u files\n", corpus->len);
  run_mutations (corpus, mutations, wherry_test_seed ());
  printf ("ok 2 %" G_GUINT64_FORMAT " mutations\n", mutations);
  return 0;
}
