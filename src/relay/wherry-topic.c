/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "relay/wherry-topic.h"

#include "base/wherry-counters.h"
#include "base/wherry-lock.h"

struct _WherrySnapshot
{
  gatomicrefcount ref_count;

  /* immutable after construction: any thread reads */
  guint n;
  WherryOutbox *outboxes[];
};

struct _WherryTopic
{
  gatomicrefcount ref_count;

  /* immutable after construction: any thread reads */
  char *label;
  gboolean echo;

  /* any thread: internally locked */
  WherryLock lock;
  WherrySnapshot *snapshot;
};

WherrySnapshot *
wherry_snapshot_new (GPtrArray *outboxes)
{
  guint n = outboxes != NULL ? outboxes->len : 0;
  WherrySnapshot *self = g_malloc (sizeof (WherrySnapshot) + n * sizeof (WherryOutbox *));

  wherry_ref_init (&self->ref_count);
  self->n = n;
  for (guint i = 0; i < n; i++)
    {
      self->outboxes[i] = wherry_outbox_ref (g_ptr_array_index (outboxes, i));
      wherry_outbox_enter_snapshot (self->outboxes[i]);
    }
  return self;
}

WherrySnapshot *
wherry_snapshot_ref (WherrySnapshot *self)
{
  wherry_ref_inc (&self->ref_count);
  return self;
}

void
wherry_snapshot_unref (WherrySnapshot *self)
{
  if (!wherry_ref_dec (&self->ref_count))
    return;
  for (guint i = 0; i < self->n; i++)
    {
      wherry_outbox_leave_snapshot (self->outboxes[i]);
      wherry_outbox_unref (self->outboxes[i]);
    }
  g_free (self);
}

guint
wherry_snapshot_get_length (WherrySnapshot *self)
{
  return self->n;
}

WherryTopic *
wherry_topic_new (const char *label, gboolean echo)
{
  WherryTopic *self = g_new0 (WherryTopic, 1);

  wherry_ref_init (&self->ref_count);
  wherry_lock_init (&self->lock);
  self->label = g_strdup (label);
  self->echo = echo;
  self->snapshot = wherry_snapshot_new (NULL);
  return self;
}

WherryTopic *
wherry_topic_ref (WherryTopic *self)
{
  wherry_ref_inc (&self->ref_count);
  return self;
}

void
wherry_topic_unref (WherryTopic *self)
{
  if (!wherry_ref_dec (&self->ref_count))
    return;
  wherry_snapshot_unref (self->snapshot);
  wherry_lock_clear (&self->lock);
  g_free (self->label);
  g_free (self);
}

const char *
wherry_topic_get_label (WherryTopic *self)
{
  return self->label;
}

void
wherry_topic_set_snapshot (WherryTopic *self, WherrySnapshot *snapshot)
{
  WherrySnapshot *old;

  wherry_lock_acquire (&self->lock);
  old = self->snapshot;
  self->snapshot = snapshot;
  wherry_lock_release (&self->lock);

  wherry_snapshot_unref (old);
}

WherrySnapshot *
wherry_topic_ref_snapshot (WherryTopic *self)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&self->lock);

  return wherry_snapshot_ref (self->snapshot);
}

void
wherry_topic_publish (WherryTopic *self, WherryOutboxSet *from, WherryMessage *message,
                      WherryGate *gate, WherryPublished *out)
{
  g_autoptr (WherrySnapshot) snapshot = wherry_topic_ref_snapshot (self);

  *out = (WherryPublished){ 0 };
  wherry_counter_inc (WHERRY_COUNTER_MESSAGES_IN);
  wherry_counter_add (WHERRY_COUNTER_BYTES_IN, wherry_message_get_length (message));
  for (guint i = 0; i < snapshot->n; i++)
    {
      WherryOutbox *outbox = snapshot->outboxes[i];

      if (!self->echo && wherry_outbox_get_set (outbox) == from)
        continue;
      switch (wherry_outbox_push (outbox, message, gate))
        {
        case WHERRY_PUSH_OK:
          out->n_pushed++;
          break;
        case WHERRY_PUSH_BLOCKED:
          out->n_pushed++;
          out->is_blocked = TRUE;
          break;
        case WHERRY_PUSH_TOO_LARGE:
          out->n_too_large++;
          break;
        case WHERRY_PUSH_DROPPED:
        case WHERRY_PUSH_CLOSED:
        default:
          break;
        }
    }
  if (out->n_too_large > 0)
    wherry_counter_add (WHERRY_COUNTER_DROPPED_TOO_LARGE, out->n_too_large);
}
