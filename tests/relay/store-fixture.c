/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <glib/gstdio.h>

#include "relay/store-fixture.h"

void
store_fixture_set_up (StoreFixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  self->dir = g_dir_make_tmp ("wherry-store-XXXXXX", &error);
  g_assert_no_error (error);
  self->budget = wherry_budget_new (G_MAXSIZE);
  wherry_store_options_init (&self->options);
  self->options.no_thread = TRUE;
}

void
store_fixture_tear_down (StoreFixture *self, gconstpointer data)
{
  g_autoptr (GDir) dir = g_dir_open (self->dir, 0, NULL);
  const char *name;

  g_assert_null (self->store);
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (self->dir, name, NULL);

      g_assert_cmpint (g_unlink (path), ==, 0);
    }
  g_assert_cmpint (g_rmdir (self->dir), ==, 0);
  g_assert_cmpuint (wherry_budget_get_used (self->budget), ==, 0);
  wherry_budget_unref (self->budget);
  g_free (self->dir);
}

void
store_fixture_open (StoreFixture *self, const WherryStoreVisitor *visitor, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  self->store = wherry_store_open (self->dir, self->budget, &self->options, &error);
  g_assert_no_error (error);
  g_assert_nonnull (self->store);
  g_assert_true (wherry_store_load (self->store, visitor, user_data, &error));
  g_assert_no_error (error);
}

void
store_fixture_close (StoreFixture *self)
{
  g_clear_pointer (&self->store, wherry_store_close);
}

void
store_fixture_run (StoreFixture *self)
{
  while (wherry_store_step (self->store))
    ;
}

/* ---- topics ---- */

static void
on_committed (gpointer owner, WherryMessage *message)
{
  StoreLog *self = owner;

  g_array_append_val (self->committed, wherry_message_get_stamp (message)->sequence);
  g_atomic_int_inc (&self->n_told);
}

static void
on_failed (gpointer owner, WherryMessage *message, const GError *error)
{
  StoreLog *self = owner;

  g_array_append_val (self->failed, wherry_message_get_stamp (message)->sequence);
  self->failed_code = error->code;
  g_atomic_int_inc (&self->n_told);
}

static void
on_destroy (gpointer owner)
{
  ((StoreLog *) owner)->n_destroyed++;
}

void
store_log_open (StoreLog *self, WherryStore *store, const char *room, const char *label)
{
  static const WherryStoreTopicFuncs funcs = { on_committed, on_failed };

  *self = (StoreLog){ .committed = g_array_new (FALSE, FALSE, sizeof (guint64)),
                      .failed = g_array_new (FALSE, FALSE, sizeof (guint64)) };
  self->topic = wherry_store_topic_new (store, room, label, &funcs, self, on_destroy);
  self->next = wherry_store_topic_get_next (self->topic);
}

void
store_log_clear (StoreLog *self)
{
  g_assert_cmpint (self->n_destroyed, ==, 1);
  g_array_unref (self->committed);
  g_array_unref (self->failed);
  wherry_store_topic_unref (self->topic);
}

void
assert_sequences (GArray *array, guint64 first, guint64 last)
{
  g_assert_cmpuint (array->len, ==, last + 1 - first);
  for (guint i = 0; i < array->len; i++)
    g_assert_cmpuint (g_array_index (array, guint64, i), ==, first + i);
}

GBytes *
store_payload (guint64 topic, guint64 sequence, gsize length)
{
  guint8 *data = g_malloc (MAX (length, 1));
  guint64 state = topic * 0x9e3779b97f4a7c15u ^ sequence * 0xbf58476d1ce4e5b9u;

  for (gsize i = 0; i < length; i++)
    {
      state = state * 6364136223846793005u + 1442695040888963407u;
      data[i] = (guint8) (state >> 56);
    }
  return g_bytes_new_take (data, length);
}

WherryMessage *
store_message (WherryMessageKind kind, GBytes *payload, const WherryStamp *stamp,
               WherryBudget *budget)
{
  g_autoptr (WherryMessage) plain = wherry_message_new_bytes (kind, payload, budget);

  return wherry_message_new_stamped (plain, 0, kind, stamp);
}

void
store_log_append (StoreLog *self, StoreFixture *fixture, gsize length)
{
  WherryStamp stamp = { .sequence = self->next++, .sender = 7, .own = 0 };
  g_autoptr (GBytes) payload = store_payload (0, stamp.sequence, length);
  g_autoptr (WherryMessage) message
      = store_message (WHERRY_MESSAGE_BINARY, payload, &stamp, fixture->budget);

  g_assert_cmpint (wherry_store_topic_append (self->topic, message, NULL), <=, WHERRY_PUSH_BLOCKED);
}

/* ---- loading ---- */

static gboolean
show_resume (const WherryStoreResume *record, gpointer data)
{
  g_string_append_printf (data,
                          "resume %s %" G_GUINT64_FORMAT " %02x%02x %" G_GINT64_FORMAT " %s\n",
                          record->room, record->member, record->hash[0], record->hash[31],
                          record->until_us, (const char *) g_bytes_get_data (record->blob, NULL));
  return TRUE;
}

static gboolean
show_topic (const char *room, const char *label, guint64 next, gpointer data)
{
  g_string_append_printf (data, "topic %s %s %" G_GUINT64_FORMAT "\n", room, label, next);
  return TRUE;
}

static void
show_accepted (guint64 member, guint64 own, gpointer data)
{
  g_string_append_printf (data, "accepted %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT "\n", member,
                          own);
}

static void
show_direct (guint64 member, guint64 next, gpointer data)
{
  g_string_append_printf (data, "direct %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT "\n", member,
                          next);
}

static void
show_message (WherryMessage *message, gpointer data)
{
  const WherryStamp *stamp = wherry_message_get_stamp (message);

  g_string_append_printf (data,
                          "%s %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT
                          " from %" G_GUINT64_FORMAT " own %" G_GUINT64_FORMAT " %zu bytes\n",
                          wherry_message_get_kind (message) == WHERRY_MESSAGE_TEXT ? "text"
                                                                                   : "binary",
                          stamp->sequence, stamp->recipient, stamp->sender, stamp->own,
                          wherry_message_get_length (message));
}

const WherryStoreVisitor store_visitor = {
  .resume = show_resume,
  .topic = show_topic,
  .accepted = show_accepted,
  .direct = show_direct,
  .message = show_message,
};

char *
store_fixture_load (StoreFixture *self)
{
  GString *shown = g_string_new (NULL);

  store_fixture_open (self, &store_visitor, shown);
  return g_string_free (shown, FALSE);
}
