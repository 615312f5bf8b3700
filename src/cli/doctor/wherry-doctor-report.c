/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <stdio.h>

#include <glib/gi18n.h>

#include "cli/doctor/wherry-doctor-report.h"
#include "cli/wherry-terminal.h"

/* Where a text that is too long for one line goes on. */
#define INDENT 16u
/* What people read well, whatever the terminal could show. */
#define COLUMNS_MAX 96u
#define COLUMNS_MIN 40u

typedef struct
{
  char *id;
  WherryExit code;
  char *what;
  char *evidence_text;
  char *todo;
  JsonObject *evidence;
} Cause;

struct _WherryDoctorReport
{
  gboolean json;
  char *section;
  GPtrArray *causes;
};

static void
cause_free (gpointer data)
{
  Cause *cause = data;

  g_free (cause->id);
  g_free (cause->what);
  g_free (cause->evidence_text);
  g_free (cause->todo);
  json_object_unref (cause->evidence);
  g_free (cause);
}

WherryDoctorReport *
wherry_doctor_report_new (gboolean json)
{
  WherryDoctorReport *self = g_new0 (WherryDoctorReport, 1);

  self->json = json;
  self->causes = g_ptr_array_new_with_free_func (cause_free);
  return self;
}

void
wherry_doctor_report_free (WherryDoctorReport *self)
{
  g_free (self->section);
  g_ptr_array_unref (self->causes);
  g_free (self);
}

JsonObject *
wherry_doctor_evidence (const char *name, ...)
{
  JsonObject *object = json_object_new ();
  va_list list;

  va_start (list, name);
  for (; name != NULL; name = va_arg (list, const char *))
    {
      const char *value = va_arg (list, const char *);

      if (value != NULL)
        json_object_set_string_member (object, name, value);
    }
  va_end (list);
  return object;
}

/* ---- JSON ---- */

/* (transfer full) of object */
static void
print_json (JsonObject *object)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  g_autofree char *line = NULL;

  json_node_take_object (node, object);
  line = json_to_string (node, FALSE);
  wherry_print ("%s", line);
}

/* ---- text ---- */

static guint
get_columns (void)
{
  return CLAMP (wherry_terminal_get_columns (), COLUMNS_MIN, COLUMNS_MAX);
}

/* Breaks at spaces; a word that is longer than a line stands on one of its own, to be copied. */
static char *
wrap (const char *text, guint first, guint indent)
{
  g_auto (GStrv) words = g_strsplit (text, " ", -1);
  g_autoptr (GString) wrapped = g_string_new (NULL);
  guint columns = get_columns ();
  guint at = first;

  for (char **word = words; *word != NULL; word++)
    {
      guint length = (guint) g_utf8_strlen (*word, -1);

      if (wrapped->len > 0 && at + 1 + length > columns)
        {
          g_string_append_printf (wrapped, "\n%*s", (int) indent, "");
          at = indent;
        }
      else if (wrapped->len > 0)
        {
          g_string_append_c (wrapped, ' ');
          at++;
        }
      g_string_append (wrapped, *word);
      at += length;
    }
  return g_string_free (g_steal_pointer (&wrapped), FALSE);
}

void
wherry_doctor_report_section (WherryDoctorReport *self, const char *id, const char *title)
{
  gboolean is_first = self->section == NULL;

  g_free (self->section);
  self->section = g_strdup (id);
  if (!self->json)
    wherry_print ("%s%s%s%s", is_first ? "" : "\n",
                  wherry_terminal_begin (stdout, WHERRY_STYLE_BOLD), title,
                  wherry_terminal_end (stdout, WHERRY_STYLE_BOLD));
}

void
wherry_doctor_report_step (WherryDoctorReport *self, WherryDoctorMark mark, const char *step,
                           JsonObject *evidence, const char *format, ...)
{
  static const WherryStyle styles[] = { WHERRY_STYLE_GOOD, WHERRY_STYLE_BAD, WHERRY_STYLE_DIM };
  static const char *const results[] = { "good", "bad", "note" };
  const char *const marks[] = { _ ("ok"), _ ("BAD"), "" };
  g_autofree char *raw = NULL;
  g_autofree char *text = NULL;
  g_autofree char *wrapped = NULL;
  va_list list;

  va_start (list, format);
  raw = g_strdup_vprintf (format, list);
  va_end (list);
  text = wherry_terminal_safe (raw);
  if (self->json)
    {
      JsonObject *object = evidence != NULL ? evidence : json_object_new ();

      json_object_set_string_member (object, "event", "step");
      json_object_set_string_member (object, "section", self->section);
      json_object_set_string_member (object, "step", step);
      json_object_set_string_member (object, "result", results[mark]);
      json_object_set_string_member (object, "text", text);
      print_json (object);
      return;
    }
  g_clear_pointer (&evidence, json_object_unref);
  wrapped = wrap (text, INDENT, INDENT);
  wherry_print ("  %s%-3s%s %-9s %s", wherry_terminal_begin (stdout, styles[mark]), marks[mark],
                wherry_terminal_end (stdout, styles[mark]), step, wrapped);
}

/* ---- the verdict ---- */

gboolean
wherry_doctor_report_has_cause (WherryDoctorReport *self, const char *id)
{
  for (guint i = 0; i < self->causes->len; i++)
    if (g_str_equal (((Cause *) g_ptr_array_index (self->causes, i))->id, id))
      return TRUE;
  return FALSE;
}

void
wherry_doctor_report_cause (WherryDoctorReport *self, const char *id, WherryExit code, char *what,
                            char *evidence_text, char *todo, JsonObject *evidence)
{
  Cause *cause = g_new0 (Cause, 1);

  cause->id = g_strdup (id);
  cause->code = code;
  cause->what = wherry_terminal_safe (what);
  cause->evidence_text = wherry_terminal_safe (evidence_text);
  cause->todo = wherry_terminal_safe (todo);
  cause->evidence = evidence != NULL ? evidence : json_object_new ();
  g_free (what);
  g_free (evidence_text);
  g_free (todo);
  for (guint i = 0; i < self->causes->len; i++)
    {
      const Cause *other = g_ptr_array_index (self->causes, i);

      if (g_str_equal (other->id, id) && g_str_equal (other->evidence_text, cause->evidence_text))
        {
          cause_free (cause);
          return;
        }
    }
  g_ptr_array_add (self->causes, cause);
}

static void
print_part (const char *label, const char *text)
{
  g_autofree char *line = g_strdup_printf ("%s %s", label, text);
  g_autofree char *wrapped = wrap (line, 3, 3);

  wherry_print ("   %s", wrapped);
}

static void
print_cause (const Cause *cause, guint number)
{
  g_autofree char *what = wrap (cause->what, 3, 3);

  wherry_print ("%s%u. %s%s", wherry_terminal_begin (stdout, WHERRY_STYLE_BOLD), number, what,
                wherry_terminal_end (stdout, WHERRY_STYLE_BOLD));
  print_part (_ ("Evidence:"), cause->evidence_text);
  print_part (_ ("What to do:"), cause->todo);
}

static void
end_json (WherryDoctorReport *self, WherryExit code, const char *well)
{
  JsonArray *ids = json_array_new ();
  JsonObject *verdict = json_object_new ();

  for (guint i = 0; i < self->causes->len; i++)
    {
      const Cause *cause = g_ptr_array_index (self->causes, i);
      JsonObject *object = json_object_new ();

      json_object_set_string_member (object, "event", "cause");
      json_object_set_string_member (object, "cause", cause->id);
      json_object_set_int_member (object, "exit", cause->code);
      json_object_set_string_member (object, "what", cause->what);
      json_object_set_string_member (object, "evidence", cause->evidence_text);
      json_object_set_string_member (object, "todo", cause->todo);
      json_object_set_object_member (object, "data", json_object_ref (cause->evidence));
      print_json (object);
      json_array_add_string_element (ids, cause->id);
    }
  json_object_set_string_member (verdict, "event", "verdict");
  json_object_set_boolean_member (verdict, "well", self->causes->len == 0);
  json_object_set_array_member (verdict, "causes", ids);
  json_object_set_int_member (verdict, "exit", code);
  if (self->causes->len == 0)
    json_object_set_string_member (verdict, "text", well);
  print_json (verdict);
}

WherryExit
wherry_doctor_report_end (WherryDoctorReport *self, const char *well)
{
  guint n = self->causes->len;
  WherryExit code = n > 0 ? ((Cause *) g_ptr_array_index (self->causes, 0))->code : WHERRY_EXIT_OK;
  WherryStyle style = n > 0 ? WHERRY_STYLE_BAD : WHERRY_STYLE_GOOD;
  g_autofree char *wrapped = NULL;

  if (self->json)
    {
      end_json (self, code, well);
      return code;
    }
  if (n == 0)
    wrapped = wrap (well, 0, 0);
  else
    wrapped = g_strdup_printf (g_dngettext (NULL, "Verdict: one thing is wrong.",
                                            "Verdict: %u things are wrong.", n),
                               n);
  wherry_print ("\n%s%s%s", wherry_terminal_begin (stdout, style), wrapped,
                wherry_terminal_end (stdout, style));
  for (guint i = 0; i < n; i++)
    print_cause (g_ptr_array_index (self->causes, i), i + 1);
  return code;
}
