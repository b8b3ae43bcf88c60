"""What users can say: the properties of every resource, declared once.

A resource is declared by two pydantic models, its inputs and its outputs (``image`` and its neighbours). From them
come validation (``validate``), what replaces and what must not be shown (``compare``), ``schema.json`` (``emit``) and
the pages in ``docs/resources`` (``pages``). ``python -m pulumi_ahv.schema`` writes the last two.
"""
