"""A resolved query in one line, for tables of expectations."""

from spatialclaw_ros.agent.recipes import queries as q


def thing(one: q.Thing | None) -> str:
    if one is None:
        return '-'
    name = one.label or one.kind
    return f'{one.part}:{name}' if one.part in ('top', 'bottom', 'centre') else name


def brief(query: q.Query) -> str:
    unit = getattr(query, 'unit', '')
    return _brief(query) + (f' in {unit}' if unit not in ('', 'm') else '')


def _brief(query: q.Query) -> str:
    if isinstance(query, q.Distance):
        names = ' '.join((one.label or one.kind) for one in (query.a, query.b) if one)
        return f'distance {query.kind}{":" + query.axis if query.axis else ""} {names}'
    if isinstance(query, q.Position):
        return ' '.join(filter(None, (
            'position', thing(query.thing), query.frame and f'@{query.frame}',
            query.coordinate and f'.{query.coordinate}')))
    if isinstance(query, q.Size):
        return f'size {query.measure} {query.thing.label}'
    if isinstance(query, q.Height):
        return f'height {thing(query.thing)} {thing(query.surface)}'
    if isinstance(query, q.Direction):
        words = '/'.join(query.words) + ('?' if query.yes_no else '')
        return ' '.join(filter(None, (
            'direction', thing(query.a), thing(query.b), words,
            query.viewpoint and f'from {query.viewpoint}')))
    if isinstance(query, q.Which):
        return ' '.join(filter(None, (
            'which', query.rank, query.place > 1 and f'#{query.place}',
            ','.join(map(thing, query.among)),
            query.reference and f'ref {thing(query.reference)}',
            query.surface and f'above {thing(query.surface)}',
            query.viewpoint and f'from {query.viewpoint}')))
    if isinstance(query, q.Compare):
        return ' '.join(filter(None, (
            'compare', query.rank, thing(query.a), thing(query.b),
            query.reference and f'ref {thing(query.reference)}')))
    if isinstance(query, q.Count):
        return f'count {",".join(query.labels)}'
    if isinstance(query, q.Exists):
        return f'exists {",".join(query.labels)}'
    if isinstance(query, q.Support):
        return f'support {thing(query.a)} {thing(query.b)}'
    return f'angle {thing(query.a)} {thing(query.b)}'
