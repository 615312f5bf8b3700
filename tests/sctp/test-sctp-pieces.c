/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "base/wherry-limits.h"
#include "sctp/wherry-sctp-pieces.h"

#define STREAM 7
#define MAX_MESSAGE 1000u
#define MAX_HELD 20000u
#define PIECE 10u

static gboolean by_tsn;

/* whole: (inout): what is ready then; one at most */
static WherrySctpPieceResult
add (WherrySctpPieces *pieces, guint16 number, guint32 position, guint32 tsn, guint flags,
     gsize length, GByteArray **whole)
{
  const WherrySctpPiece piece = { .stream = STREAM,
                                  .number = number,
                                  .position = position,
                                  .tsn = tsn,
                                  .ppid = 53,
                                  .begins = (flags & 2) != 0,
                                  .ends = (flags & 1) != 0,
                                  .ordered = (flags & 4) != 0,
                                  .by_tsn = by_tsn };
  g_autofree guint8 *data = g_malloc (length);
  WherrySctpPieceResult result;
  WherrySctpWhole *ready;

  memset (data, (int) (position & 0xff), length);
  g_clear_pointer (whole, g_byte_array_unref);
  result = wherry_sctp_pieces_add (pieces, &piece, data, length);
  ready = wherry_sctp_pieces_pop (pieces);
  if (ready != NULL)
    {
      g_assert_cmpuint (ready->ppid, ==, 53);
      g_assert_cmpuint (ready->stream, ==, STREAM);
      *whole = g_steal_pointer (&ready->bytes);
      wherry_sctp_whole_free (ready);
    }
  return result;
}

static void
assert_whole (GByteArray *whole, guint n, guint32 first)
{
  g_assert_cmpuint (whole->len, ==, n * PIECE);
  for (guint i = 0; i < whole->len; i++)
    g_assert_cmpuint (whole->data[i], ==, (first + i / PIECE) & 0xff);
}

/* Several messages of one stream, their pieces in any order: each completes once, by whichever
 * piece comes last. base: with DATA the position is the TSN, which wraps. */
static void
check_order (gboolean interleaving, guint32 base)
{
  enum
  {
    MESSAGES = 5,
    PIECES = 8,
    ALL = MESSAGES * PIECES
  };
  guint32 seed = g_test_rand_int ();
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  g_autoptr (WherrySctpPieces) pieces = wherry_sctp_pieces_new (MAX_MESSAGE, MAX_HELD);

  g_test_message ("seed %u", seed);
  by_tsn = !interleaving;
  for (guint round = 0; round < 200; round++)
    {
      g_autoptr (GByteArray) whole = NULL;
      guint order[ALL];
      guint complete = 0;

      for (guint i = 0; i < ALL; i++)
        {
          guint j = (guint) g_rand_int_range (rand, 0, (gint32) i + 1);

          order[i] = order[j];
          order[j] = i;
        }
      for (guint i = 0; i < ALL; i++)
        {
          guint k = order[i] % PIECES;
          guint m = order[i] / PIECES;
          guint32 tsn = base + order[i];
          guint32 position = interleaving ? k : tsn;
          guint flags = (k == 0 ? 2u : 0) | (k == PIECES - 1 ? 1u : 0);

          add (pieces, interleaving ? (guint16) m : 0, position, tsn, flags, PIECE, &whole);
          if (whole == NULL)
            continue;
          complete++;
          assert_whole (whole, PIECES, interleaving ? 0 : base + m * PIECES);
        }
      g_assert_cmpuint (complete, ==, MESSAGES);
      g_assert_cmpuint (wherry_sctp_pieces_get_held (pieces), ==, 0);
    }
}

static void
test_order (void)
{
  check_order (TRUE, 1);
  check_order (FALSE, 1);
  check_order (FALSE, G_MAXUINT32 - 20);
}

/* Given up: what lacks a piece goes, with what had come out of its turn; what goes on stays. */
static void
test_skip (void)
{
  g_autoptr (WherrySctpPieces) pieces = wherry_sctp_pieces_new (MAX_MESSAGE, MAX_HELD);
  g_autoptr (GByteArray) whole = NULL;

  by_tsn = FALSE;
  add (pieces, 1, 0, 10, 2, PIECE, &whole);
  add (pieces, 1, 2, 12, 1, PIECE, &whole); /* 11 is missing */
  add (pieces, 2, 1, 14, 0, PIECE, &whole); /* 13 is missing */
  add (pieces, 3, 0, 15, 2, PIECE, &whole); /* 16 comes later */
  wherry_sctp_pieces_note_skip (pieces, STREAM, FALSE, 2, 14);
  add (pieces, 1, 1, 11, 0, PIECE, &whole); /* it was there before */
  g_assert_cmpuint (whole->len, ==, 3 * PIECE);
  wherry_sctp_pieces_apply_skips (pieces);
  g_assert_cmpuint (wherry_sctp_pieces_get_held (pieces), ==, WHERRY_MESSAGE_OVERHEAD + PIECE);
  add (pieces, 3, 1, 16, 1, PIECE, &whole);
  assert_whole (whole, 2, 0);

  /* numbers wrap; the other stream's are not meant */
  add (pieces, 0xffff, 0, 20, 2, PIECE, &whole);
  wherry_sctp_pieces_note_skip (pieces, STREAM + 1, FALSE, 1, 21);
  wherry_sctp_pieces_apply_skips (pieces);
  g_assert_cmpuint (wherry_sctp_pieces_get_held (pieces), >, 0);
  wherry_sctp_pieces_note_skip (pieces, STREAM, FALSE, 1, 21);
  wherry_sctp_pieces_apply_skips (pieces);
  g_assert_cmpuint (wherry_sctp_pieces_get_held (pieces), ==, 0);
}

static void
test_skip_all (void)
{
  g_autoptr (WherrySctpPieces) pieces = wherry_sctp_pieces_new (MAX_MESSAGE, MAX_HELD);
  g_autoptr (GByteArray) whole = NULL;

  by_tsn = TRUE;
  add (pieces, 0, G_MAXUINT32 - 1, G_MAXUINT32 - 1, 2, PIECE, &whole); /* lacks the next one */
  add (pieces, 0, 1, 1, 1, PIECE, &whole);
  add (pieces, 0, 3, 3, 2, PIECE, &whole); /* lacks 4, which comes */
  wherry_sctp_pieces_note_skip_all (pieces, 3);
  wherry_sctp_pieces_apply_skips (pieces);
  g_assert_cmpuint (wherry_sctp_pieces_get_held (pieces), ==, WHERRY_MESSAGE_OVERHEAD + PIECE);
  add (pieces, 0, 4, 4, 1, PIECE, &whole);
  assert_whole (whole, 2, 3);
  g_assert_cmpuint (wherry_sctp_pieces_get_held (pieces), ==, 0);
}

/* One byte too many is refused once, and its rest dropped; the next one is fine. */
static void
test_too_large (void)
{
  g_autoptr (WherrySctpPieces) pieces = wherry_sctp_pieces_new (MAX_MESSAGE, MAX_HELD);
  g_autoptr (GByteArray) whole = NULL;

  by_tsn = FALSE;
  add (pieces, 1, 0, 1, 2, MAX_MESSAGE, &whole);
  g_assert_cmpint (add (pieces, 1, 1, 2, 0, 1, &whole), ==, WHERRY_SCTP_PIECE_REFUSED);
  g_assert_cmpint (add (pieces, 1, 2, 3, 0, 1, &whole), ==, WHERRY_SCTP_PIECE_KEPT);
  g_assert_cmpuint (wherry_sctp_pieces_get_held (pieces), ==, WHERRY_MESSAGE_OVERHEAD);
  g_assert_cmpint (add (pieces, 1, 3, 4, 1, 1, &whole), ==, WHERRY_SCTP_PIECE_KEPT);
  g_assert_cmpuint (wherry_sctp_pieces_get_held (pieces), ==, 0);
  add (pieces, 2, 0, 5, 2, MAX_MESSAGE - 1, &whole);
  add (pieces, 2, 1, 6, 1, 1, &whole);
  g_assert_cmpuint (whole->len, ==, MAX_MESSAGE);
}

/* However they come, no more is held. */
static void
test_too_many (void)
{
  for (guint way = 0; way < 3; way++)
    {
      g_autoptr (WherrySctpPieces) pieces = wherry_sctp_pieces_new (MAX_MESSAGE, MAX_HELD);
      g_autoptr (GByteArray) whole = NULL;
      guint refused = 0;

      for (guint i = 0; i < 1000; i++)
        {
          guint flags = way == 0 ? 2 : way == 1 ? 0 : i % 2 * 2;

          refused += add (pieces, (guint16) i, flags == 2 ? 0 : 5, i, flags, PIECE, &whole)
                     == WHERRY_SCTP_PIECE_REFUSED;
          g_assert_cmpuint (wherry_sctp_pieces_get_held (pieces), <=, MAX_HELD);
        }
      g_assert_cmpuint (refused, >, 900);
      wherry_sctp_pieces_drop_stream (pieces, STREAM + 1);
      g_assert_cmpuint (wherry_sctp_pieces_get_held (pieces), >, 0);
      wherry_sctp_pieces_drop_stream (pieces, STREAM);
      g_assert_cmpuint (wherry_sctp_pieces_get_held (pieces), ==, 0);
    }
}

/* Nonsense: twice the beginning, twice the same piece, two ends. */
static void
test_nonsense (void)
{
  guint32 seed = g_test_rand_int ();
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  g_autoptr (WherrySctpPieces) pieces = wherry_sctp_pieces_new (MAX_MESSAGE, MAX_HELD);
  g_autoptr (GByteArray) whole = NULL;

  g_test_message ("seed %u", seed);
  for (guint i = 0; i < 20000; i++)
    {
      add (pieces, (guint16) g_rand_int_range (rand, 0, 4), (guint32) g_rand_int_range (rand, 0, 6),
           i, (guint) g_rand_int_range (rand, 0, 8), (gsize) g_rand_int_range (rand, 1, 400),
           &whole);
      if (g_rand_int_range (rand, 0, 50) == 0)
        {
          wherry_sctp_pieces_note_skip (pieces, STREAM, g_rand_boolean (rand),
                                        (guint16) g_rand_int_range (rand, 0, 4), i);
          wherry_sctp_pieces_apply_skips (pieces);
        }
      g_assert_cmpuint (wherry_sctp_pieces_get_held (pieces), <=, MAX_HELD);
    }
  wherry_sctp_pieces_drop_stream (pieces, STREAM);
  g_assert_cmpuint (wherry_sctp_pieces_get_held (pieces), ==, 0);
}

/* ---- order ---- */

static void
expect_ready (WherrySctpPieces *pieces, guint number)
{
  g_autoptr (WherrySctpWhole) whole = wherry_sctp_pieces_pop (pieces);

  g_assert_nonnull (whole);
  g_assert_cmpuint (whole->number, ==, number & 0xffff);
}

static WherrySctpPieceResult
add_ordered (WherrySctpPieces *pieces, guint number, gboolean tsns, gsize length)
{
  const WherrySctpPiece piece = { .stream = STREAM,
                                  .number = (guint16) number,
                                  .position = tsns ? number : 0,
                                  .tsn = number,
                                  .ppid = 53,
                                  .begins = TRUE,
                                  .ends = TRUE,
                                  .ordered = TRUE,
                                  .by_tsn = tsns };
  g_autofree guint8 *data = g_malloc0 (length);

  return wherry_sctp_pieces_add (pieces, &piece, data, length);
}

/* Whole ones, whose numbers wrap: in their turn at once, others behind those before them. */
static void
test_ordered (void)
{
  for (guint tsns = 0; tsns < 2; tsns++)
    {
      g_autoptr (WherrySctpPieces) pieces = wherry_sctp_pieces_new (MAX_MESSAGE, MAX_HELD);

      for (guint i = 0; i < 70000; i += 5)
        {
          g_assert_cmpint (add_ordered (pieces, i, tsns, 1), ==, WHERRY_SCTP_PIECE_PASSES);
          g_assert_cmpint (add_ordered (pieces, i + 3, tsns, 1), ==, WHERRY_SCTP_PIECE_KEPT);
          g_assert_cmpint (add_ordered (pieces, i + 2, tsns, 1), ==, WHERRY_SCTP_PIECE_KEPT);
          g_assert_false (wherry_sctp_pieces_is_ready (pieces));
          g_assert_cmpint (add_ordered (pieces, i + 1, tsns, 1), ==, WHERRY_SCTP_PIECE_PASSES);
          expect_ready (pieces, i + 2);
          expect_ready (pieces, i + 3);
          g_assert_false (wherry_sctp_pieces_is_ready (pieces));
          g_assert_cmpint (add_ordered (pieces, i + 4, tsns, 1), ==, WHERRY_SCTP_PIECE_PASSES);
          g_assert_cmpuint (wherry_sctp_pieces_get_held (pieces), ==, 0);
        }
      /* one that came before */
      g_assert_cmpint (add_ordered (pieces, 69990, tsns, 1), ==, WHERRY_SCTP_PIECE_KEPT);
      g_assert_false (wherry_sctp_pieces_is_ready (pieces));
      g_assert_cmpuint (wherry_sctp_pieces_get_held (pieces), ==, 0);
    }
}

/* What was given up, or too large, holds up nothing behind it; after a reset numbers begin anew. */
static void
test_ordered_gaps (void)
{
  g_autoptr (WherrySctpPieces) pieces = wherry_sctp_pieces_new (MAX_MESSAGE, MAX_HELD);
  g_autoptr (GByteArray) whole = NULL;

  by_tsn = FALSE;
  add (pieces, 1, 0, 11, 4 | 2, PIECE, &whole); /* of it no more comes */
  add_ordered (pieces, 2, FALSE, 1);
  add_ordered (pieces, 4, FALSE, 1);
  wherry_sctp_pieces_note_skip (pieces, STREAM, TRUE, 3, 20);
  g_assert_false (wherry_sctp_pieces_is_ready (pieces));
  wherry_sctp_pieces_apply_skips (pieces);
  expect_ready (pieces, 2);
  expect_ready (pieces, 4);
  g_assert_cmpuint (wherry_sctp_pieces_get_held (pieces), ==, 0);

  add_ordered (pieces, 6, FALSE, 1);
  g_assert_cmpint (add_ordered (pieces, 5, FALSE, MAX_MESSAGE + 1), ==, WHERRY_SCTP_PIECE_REFUSED);
  expect_ready (pieces, 6);

  add_ordered (pieces, 9, FALSE, 1);
  wherry_sctp_pieces_drop_stream (pieces, STREAM);
  g_assert_cmpuint (wherry_sctp_pieces_get_held (pieces), ==, 0);
  g_assert_cmpint (add_ordered (pieces, 0, FALSE, 1), ==, WHERRY_SCTP_PIECE_PASSES);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sctp/pieces/order", test_order);
  g_test_add_func ("/sctp/pieces/skip", test_skip);
  g_test_add_func ("/sctp/pieces/skip-all", test_skip_all);
  g_test_add_func ("/sctp/pieces/too-large", test_too_large);
  g_test_add_func ("/sctp/pieces/too-many", test_too_many);
  g_test_add_func ("/sctp/pieces/nonsense", test_nonsense);
  g_test_add_func ("/sctp/pieces/ordered", test_ordered);
  g_test_add_func ("/sctp/pieces/ordered-gaps", test_ordered_gaps);
  return g_test_run ();
}
