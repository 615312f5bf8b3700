/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "relay-fixture.h"

/* What channels of high ids are charged, and who is refused them. */

#define COST(id) (((gsize) (id) + 1 - WHERRY_SCTP_STREAMS_INITIAL) * WHERRY_SCTP_STREAM_BYTES)

static void
set_up (RelayFixture *self, gconstpointer data)
{
  WherryRelayConfig *config = wherry_relay_config_new ();

  if (GPOINTER_TO_SIZE (data) > 0)
    config->memory_budget = GPOINTER_TO_SIZE (data);
  relay_fixture_init (self, config, FALSE);
}

static void
tear_down (RelayFixture *self, gconstpointer data)
{
  relay_fixture_clear (self);
}

/* NONE: it may have a channel of this id. */
static WherrySignalError
declare (TestClient *client, guint16 id)
{
  const WherryChannelInit init
      = { .label = "x", .protocol = "", .ordered = TRUE, .negotiated = TRUE, .id = id };
  g_autoptr (GError) error = NULL;
  WherrySignalError code = WHERRY_SIGNAL_ERROR_NONE;
  gboolean taken = wherry_relay_member_call (client->member, &init, 1, &code, &error);

  g_assert_cmpint (taken, ==, error == NULL);
  if (!taken)
    g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_LIMIT);
  return taken ? WHERRY_SIGNAL_ERROR_NONE : code;
}

/* The fixture's peers have no ICE and refuse every request, after it was charged: as if they had
 * not. */
static WherrySignalError
declare_taken (TestClient *client, guint16 id)
{
  WherrySignalError code = declare (client, id);

  if (code == WHERRY_SIGNAL_ERROR_NONE)
    wherry_relay_member_settle_streams (client->member, TRUE);
  return code;
}

static gsize
get_charged (RelayFixture *self)
{
  WherryRelayStats stats;

  wherry_relay_hub_get_stats (self->relay, &stats);
  return stats.budget_used;
}

static void
test_charged (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = test_client_join (self, "room", "ann", TRUE);
  TestClient *bob = test_client_join (self, "room", "bob", TRUE);

  g_assert_cmpint (declare_taken (ann, 0), ==, WHERRY_SIGNAL_ERROR_NONE);
  g_assert_cmpint (declare_taken (ann, WHERRY_SCTP_STREAMS_INITIAL - 1), ==,
                   WHERRY_SIGNAL_ERROR_NONE);
  g_assert_cmpuint (get_charged (self), ==, 0);
  g_assert_cmpint (declare_taken (ann, 1000), ==, WHERRY_SIGNAL_ERROR_NONE);
  g_assert_cmpuint (get_charged (self), ==, COST (1000));
  g_assert_cmpint (declare_taken (ann, 500), ==, WHERRY_SIGNAL_ERROR_NONE); /* has them already */
  g_assert_cmpuint (get_charged (self), ==, COST (1000));
  g_assert_cmpint (declare_taken (ann, 2000), ==, WHERRY_SIGNAL_ERROR_NONE);
  g_assert_cmpuint (get_charged (self), ==, COST (2000));
  g_assert_cmpint (declare_taken (bob, 1000), ==, WHERRY_SIGNAL_ERROR_NONE);
  g_assert_cmpuint (get_charged (self), ==, COST (2000) + COST (1000));

  wherry_relay_member_leave (ann->member, WHERRY_LEAVE_LEFT);
  relay_fixture_settle (self);
  g_assert_cmpuint (get_charged (self), ==, COST (1000));
  wherry_relay_member_leave (bob->member, WHERRY_LEAVE_LEFT);
  relay_fixture_settle (self);
  g_assert_cmpuint (get_charged (self), ==, 0);
}

static void
test_member_limit (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = test_client_join (self, "room", "ann", TRUE);
  guint most
      = WHERRY_MEMBER_BYTES / WHERRY_SCTP_STREAM_BYTES + WHERRY_SCTP_STREAMS_INITIAL - 1; /* id */

  g_assert_cmpint (declare_taken (ann, 65533), ==, WHERRY_SIGNAL_ERROR_TOO_LARGE);
  g_assert_cmpint (declare_taken (ann, (guint16) (most + 1)), ==, WHERRY_SIGNAL_ERROR_TOO_LARGE);
  g_assert_cmpuint (get_charged (self), ==, 0);
  g_assert_cmpint (declare_taken (ann, (guint16) most), ==, WHERRY_SIGNAL_ERROR_NONE);
  g_assert_cmpint (declare_taken (ann, 65533), ==, WHERRY_SIGNAL_ERROR_TOO_LARGE);
  g_assert_cmpuint (get_charged (self), ==, COST (most));
}

/* The budget is for two and a half of them. */
static void
test_server_limit (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = test_client_join (self, "room", "ann", TRUE);
  TestClient *bob = test_client_join (self, "room", "bob", TRUE);
  TestClient *cid = test_client_join (self, "room", "cid", TRUE);

  g_assert_cmpint (declare_taken (ann, 20000), ==, WHERRY_SIGNAL_ERROR_NONE);
  g_assert_cmpint (declare_taken (bob, 20000), ==, WHERRY_SIGNAL_ERROR_NONE);
  g_assert_cmpint (declare_taken (cid, 20000), ==, WHERRY_SIGNAL_ERROR_SERVER_FULL);
  g_assert_cmpuint (get_charged (self), ==, 2 * COST (20000));
  g_assert_cmpint (declare_taken (cid, 100), ==,
                   WHERRY_SIGNAL_ERROR_NONE); /* for whom there is room */

  wherry_relay_member_leave (ann->member, WHERRY_LEAVE_LEFT);
  relay_fixture_settle (self);
  g_assert_cmpint (declare_taken (cid, 20000), ==, WHERRY_SIGNAL_ERROR_NONE);
}

/* A connected peer refuses the second request and the third, and nothing stays charged for them;
 * what it has taken does. */
static void
test_refused_late (RelayFixture *self, gconstpointer data)
{
  TestClient *ann = test_client_connect (self, "room", "ann");

  g_assert_cmpint (declare_taken (ann, 1000), ==, WHERRY_SIGNAL_ERROR_NONE);
  relay_fixture_settle (self);
  g_assert_cmpint (declare (ann, 3000), ==, WHERRY_SIGNAL_ERROR_NONE);
  g_assert_cmpint (declare (ann, 2000), ==, WHERRY_SIGNAL_ERROR_NONE);
  g_assert_cmpuint (get_charged (self), ==, COST (3000)); /* it is not yet known */
  relay_fixture_settle (self);
  g_assert_cmpuint (ann->n_refused, ==, 4);
  g_assert_cmpuint (get_charged (self), ==, COST (1000));
  wherry_relay_member_leave (ann->member, WHERRY_LEAVE_LEFT);
  relay_fixture_settle (self);
  g_assert_cmpuint (get_charged (self), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, budget, func)                                                                    \
  g_test_add (path, RelayFixture, GSIZE_TO_POINTER (budget), set_up, func, tear_down)
  ADD ("/member-streams/charged", 0, test_charged);
  ADD ("/member-streams/refused-late", 0, test_refused_late);
  ADD ("/member-streams/member-limit", 0, test_member_limit);
  ADD ("/member-streams/server-limit", COST (20000) * 5 / 2 * WHERRY_STREAMS_SHARE,
       test_server_limit);
  return g_test_run ();
}
