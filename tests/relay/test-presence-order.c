/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "relay-fixture.h"

/* Everybody hears who joins, changes and leaves once, in one order. */

static TestClient *
join_with (RelayFixture *self, const char *name, const char *attributes)
{
  const WherryJoin join
      = { .room = "room", .name = name, .mirror = TRUE, .attributes = attributes };
  WherrySignalError code;

  return test_client_try_join_as (self, &join, &code);
}

static gboolean
set_attributes (TestClient *client, const char *attributes)
{
  WherrySignalError code;

  return wherry_relay_member_set_attributes (client->member, attributes, NULL, &code, NULL);
}

#define N_ACTIONS 400
#define N_PRESENT_MAX 24

typedef struct
{
  GRand *rand;
  guint left; /* actions still to come */
  guint n_names;
  guint n_changes;
} Storm;

static void act (RelayFixture *fixture, Storm *storm);

/* What a client knows by what it was told: name to attributes. */
static void
note_event (GHashTable *view, const char *event)
{
  g_autofree char *name = g_strndup (event + 1, strcspn (event + 1, "{:"));
  const char *attributes = strchr (event, '{');

  if (event[0] == '+') /* once */
    g_assert_true (g_hash_table_insert (view, g_steal_pointer (&name), g_strdup (attributes)));
  else if (event[0] == '~')
    g_assert_false (g_hash_table_insert (view, g_steal_pointer (&name), g_strdup (attributes)));
  else
    g_assert_true (g_hash_table_remove (view, name));
}

static void
on_heard (TestClient *self)
{
  Storm *storm = self->heard_data;

  if (g_rand_int_range (storm->rand, 0, 3) == 0)
    act (self->fixture, storm);
}

static TestClient *
pick (RelayFixture *fixture, Storm *storm, guint *n_present)
{
  g_autoptr (GPtrArray) present = g_ptr_array_new ();

  for (guint i = 0; i < fixture->clients->len; i++)
    {
      TestClient *client = g_ptr_array_index (fixture->clients, i);

      if (client->member != NULL)
        g_ptr_array_add (present, client);
    }
  *n_present = present->len;
  if (present->len == 0)
    return NULL;
  return g_ptr_array_index (present, g_rand_int_range (storm->rand, 0, (gint32) present->len));
}

static void
append_event (const WherrySignalMemberRef *member, gpointer data)
{
  g_string_append_printf (data, "+%s%s ", member->name, member->attributes);
}

static void
act_join (RelayFixture *fixture, Storm *storm)
{
  g_autofree char *name = g_strdup_printf ("m%u", storm->n_names++);
  g_autofree char *attributes = g_strdup_printf ("{%u}", storm->n_changes++);
  TestClient *client = join_with (fixture, name, attributes);

  g_assert_cmpstr (client->heard->str, ==, ""); /* nothing before the list */
  wherry_relay_member_foreach_other (client->member, append_event, client->heard);
  g_string_append (client->heard, "| ");
  client->on_heard = on_heard;
  client->heard_data = storm;
}

static void
act (RelayFixture *fixture, Storm *storm)
{
  guint n_present;
  TestClient *client = pick (fixture, storm, &n_present);
  int dice = g_rand_int_range (storm->rand, 0, 4);

  if (storm->left == 0)
    return;
  storm->left--;
  if (client == NULL || (dice < 2 && n_present < N_PRESENT_MAX))
    act_join (fixture, storm);
  else if (dice == 2)
    wherry_relay_member_leave (client->member, WHERRY_LEAVE_LEFT);
  else
    {
      g_autofree char *attributes = g_strdup_printf ("{%u}", storm->n_changes++);
      gboolean present
          = wherry_relay_member_is_present (client->member); /* not while its end is told */

      g_assert_true (set_attributes (client, attributes) == present);
    }
}

/* Each event's text is unique in the test, so its place in one client's story can be looked up. */
static void
assert_same_order (TestClient *a, TestClient *b)
{
  g_auto (GStrv) story = g_strsplit (strchr (a->heard->str, '|') + 2, " ", -1);
  const char *at = strchr (b->heard->str, '|');

  for (guint i = 0; story[i] != NULL && *story[i] != '\0'; i++)
    {
      g_autofree char *needle = g_strdup_printf (" %s ", story[i]);
      const char *found = strstr (strchr (b->heard->str, '|'), needle);

      if (found == NULL)
        continue;
      g_assert_true (found >= at);
      at = found;
    }
}

static void
check_story (TestClient *client)
{
  g_autoptr (GHashTable) view = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_auto (GStrv) story = g_strsplit (client->heard->str, " ", -1);
  g_autoptr (GString) others = g_string_new (NULL);
  g_auto (GStrv) last = NULL;

  /* of itself it is told changes only */
  g_hash_table_insert (view, g_strdup (client->name), NULL);
  for (guint i = 0; story[i] != NULL && *story[i] != '\0'; i++)
    if (*story[i] != '|')
      note_event (view, story[i]);
  if (client->member == NULL)
    return;
  wherry_relay_member_foreach_other (client->member, append_event, others);
  last = g_strsplit (others->str, " ", -1);
  g_assert_cmpuint (g_hash_table_size (view), ==, g_strv_length (last));
  for (guint i = 0; *last[i] != '\0'; i++)
    {
      g_autofree char *name = g_strndup (last[i] + 1, strcspn (last[i] + 1, "{"));

      g_assert_cmpstr (g_hash_table_lookup (view, name), ==, strchr (last[i], '{'));
    }
}

static void
on_observed (gpointer user_data, WherryRelayMember *member)
{
  RelayFixture *fixture = user_data;
  TestClient *first = g_ptr_array_index (fixture->clients, 0);

  if (first->heard_data != NULL) /* one of them is there: ask it for the dice */
    on_heard (first);
}

static void
on_observed_left (gpointer user_data, WherryRelayMember *member, WherryLeaveReason reason)
{
}

/* Members join, leave and change from within what they, and the relay's owner, are told. */
static void
test_one_order (RelayFixture *self, gconstpointer data)
{
  static const WherryRelayObserver observer
      = { .joined = on_observed, .changed = on_observed, .left = on_observed_left };
  guint32 seed = g_test_rand_int ();
  Storm storm = { .rand = g_rand_new_with_seed (seed), .left = N_ACTIONS };

  g_test_message ("seed %u", seed);
  wherry_relay_hub_set_observer (self->relay, &observer, self);
  while (storm.left > 0)
    act (self, &storm);
  for (guint i = 0; i < self->clients->len; i++)
    check_story (g_ptr_array_index (self->clients, i));
  for (guint i = 0; i < self->clients->len; i++)
    for (guint j = 0; j < self->clients->len; j++)
      assert_same_order (g_ptr_array_index (self->clients, i),
                         g_ptr_array_index (self->clients, j));
  for (guint i = 0; i < self->clients->len; i++)
    ((TestClient *) g_ptr_array_index (self->clients, i))->on_heard = NULL;
  wherry_relay_hub_set_observer (self->relay, NULL, NULL);
  g_rand_free (storm.rand);
}

static void
set_up (RelayFixture *self, gconstpointer data)
{
  relay_fixture_init (self, NULL, FALSE);
}

static void
tear_down (RelayFixture *self, gconstpointer data)
{
  relay_fixture_clear (self);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/relay/presence-order/storm", RelayFixture, NULL, set_up, test_one_order, tear_down);
  return g_test_run ();
}
