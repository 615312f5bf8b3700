/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-wire"

#include "config.h"

#include "wire/wherry-signal-private.h"

#include "base/wherry-error.h"
#include "base/wherry-limits.h"

/* Coming back: `resume` of join and joined, `accepted` of joined. */

/* A resume token is 32 characters; others' may be longer. */
#define RESUME_TOKEN_MAX 128u
/* What a double of JavaScript counts to without a gap. */
#define NUMBER_MAX (G_GINT64_CONSTANT (1) << 53)

static void
place_free (gpointer data)
{
  WherrySignalPlace *place = data;

  g_free (place->topic);
  g_free (place);
}

GPtrArray *
wherry_signal_places_new (void)
{
  return g_ptr_array_new_with_free_func (place_free);
}

WherrySignalPlace *
wherry_signal_places_get (GPtrArray *places, const char *topic)
{
  WherrySignalPlace *place;

  for (guint i = 0; i < places->len; i++)
    {
      place = g_ptr_array_index (places, i);
      if (g_str_equal (place->topic, topic))
        return place;
    }
  place = g_new0 (WherrySignalPlace, 1);
  place->topic = g_strdup (topic);
  g_ptr_array_add (places, place);
  return place;
}

/* Adds the object's numbers at offset of each topic's place. */
static gboolean
read_numbers (WherryJsonObject *object, const char *name, gsize offset, GPtrArray *places,
              GError **error)
{
  g_autoptr (WherryJsonObject) numbers = NULL;
  g_auto (GStrv) topics = NULL;

  if (!wherry_json_object_get_object_or_null (object, name, &numbers, error))
    return FALSE;
  topics = numbers != NULL ? wherry_json_object_get_names (numbers) : NULL;
  if (topics != NULL && g_strv_length (topics) > WHERRY_SIGNAL_CHANNELS_MAX)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_LIMIT, "%s has more than %u topics", name,
                   WHERRY_SIGNAL_CHANNELS_MAX);
      return FALSE;
    }
  for (guint i = 0; topics != NULL && topics[i] != NULL; i++)
    {
      WherrySignalPlace *place = wherry_signal_places_get (places, topics[i]);
      gint64 number;

      if (!wherry_json_object_get_int (numbers, topics[i], 0, NUMBER_MAX, &number, error))
        return FALSE;
      *(guint64 *) (gpointer) ((guint8 *) place + offset) = (guint64) number;
    }
  return TRUE;
}

gboolean
wherry_signal_read_resume (WherrySignal *self, WherryJsonObject *object, GError **error)
{
  g_autoptr (WherryJsonObject) resume = NULL;
  const char *token;

  if (!wherry_json_object_get_object_or_null (object, "resume", &resume, error))
    return FALSE;
  if (resume == NULL)
    return TRUE;
  self->resumable = TRUE;
  self->places = wherry_signal_places_new ();
  if (!wherry_json_object_get_string_or (resume, "token", RESUME_TOKEN_MAX, NULL, &token, error)
      || !read_numbers (resume, "seen", G_STRUCT_OFFSET (WherrySignalPlace, seen), self->places,
                        error)
      || !read_numbers (resume, "direct", G_STRUCT_OFFSET (WherrySignalPlace, direct), self->places,
                        error))
    return FALSE;
  self->resume = g_strdup (token);
  return TRUE;
}

gboolean
wherry_signal_read_resumed (WherrySignal *self, WherryJsonObject *object, GError **error)
{
  const char *token;

  self->places = wherry_signal_places_new ();
  if (!wherry_json_object_get_string_or (object, "resume", RESUME_TOKEN_MAX, NULL, &token, error)
      || !wherry_json_object_get_bool_or (object, "resumed", FALSE, &self->resumed, error)
      || !read_numbers (object, "accepted", G_STRUCT_OFFSET (WherrySignalPlace, accepted),
                        self->places, error))
    return FALSE;
  self->resume = g_strdup (token);
  return TRUE;
}

gboolean
wherry_signal_read_ack (WherrySignal *self, WherryJsonObject *object, GError **error)
{
  const char *topic;
  gint64 own;

  if (!wherry_json_object_get_string (object, "topic", WHERRY_SIGNAL_MESSAGE_MAX, &topic, error)
      || !wherry_json_object_get_int (object, "own", 0, NUMBER_MAX, &own, error))
    return FALSE;
  self->places = wherry_signal_places_new ();
  wherry_signal_places_get (self->places, topic)->accepted = (guint64) own;
  return TRUE;
}

static void
add_numbers (WherryJsonWriter *writer, const char *name, gsize offset, const GPtrArray *places)
{
  wherry_json_writer_begin_object (writer, name);
  for (guint i = 0; places != NULL && i < places->len; i++)
    {
      const WherrySignalPlace *place = g_ptr_array_index (places, i);
      guint64 number = *(const guint64 *) (gconstpointer) ((const guint8 *) place + offset);

      if (number > 0)
        wherry_json_writer_uint (writer, place->topic, number);
    }
  wherry_json_writer_end_object (writer);
}

void
wherry_signal_add_resume (WherryJsonWriter *writer, const char *token, const GPtrArray *places)
{
  wherry_json_writer_begin_object (writer, "resume");
  if (token != NULL)
    {
      wherry_json_writer_string (writer, "token", token);
      add_numbers (writer, "seen", G_STRUCT_OFFSET (WherrySignalPlace, seen), places);
      add_numbers (writer, "direct", G_STRUCT_OFFSET (WherrySignalPlace, direct), places);
    }
  wherry_json_writer_end_object (writer);
}

void
wherry_signal_add_resumed (WherryJsonWriter *writer, const char *token, gboolean resumed,
                           const GPtrArray *places)
{
  if (token != NULL)
    wherry_json_writer_string (writer, "resume", token);
  if (!resumed)
    return;
  wherry_json_writer_bool (writer, "resumed", TRUE);
  add_numbers (writer, "accepted", G_STRUCT_OFFSET (WherrySignalPlace, accepted), places);
}
