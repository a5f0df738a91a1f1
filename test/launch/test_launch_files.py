"""Launch files, imported with small fakes: `launch` and `launch_ros` have no wheels."""

from collections.abc import ItemsView
from dataclasses import dataclass
from dataclasses import field
import importlib.util
from pathlib import Path
import re
import sys
import types
from typing import Any
import xml.etree.ElementTree as ElementTree

import pytest
import yaml

from spatialclaw_ros.nodes.parameters import camera_parameters
from spatialclaw_ros.nodes.parameters import SERVER
from spatialclaw_ros.nodes.player import PLAYER
from spatialclaw_ros.nodes.simulator import SIMULATOR

ROOT = Path(__file__).parents[2]
SERVER_NAMES = {parameter.name: parameter for parameter in (*SERVER, *camera_parameters('camera'))}
OF_NODE = {'server': SERVER_NAMES, 'player': {p.name: p for p in PLAYER},
           'simulator': {p.name: p for p in SIMULATOR}}


@dataclass
class Fake:
    args: tuple = ()
    kwargs: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def make(cls, *args, **kwargs):
        return cls(args, kwargs)


class LaunchDescription(Fake):
    pass


class DeclareLaunchArgument(Fake):
    pass


class IncludeLaunchDescription(Fake):
    pass


class Node(Fake):
    pass


class LaunchConfiguration(Fake):
    pass


class Other(Fake):
    pass


MODULES = {
    'launch': {'LaunchDescription': LaunchDescription},
    'launch.actions': {'DeclareLaunchArgument': DeclareLaunchArgument,
                       'IncludeLaunchDescription': IncludeLaunchDescription},
    'launch.conditions': {'IfCondition': Other},
    'launch.launch_description_sources': {'PythonLaunchDescriptionSource': Other},
    'launch.substitutions': {'LaunchConfiguration': LaunchConfiguration},
    'launch_ros': {},
    'launch_ros.actions': {'Node': Node},
    'launch_ros.parameter_descriptions': {'ParameterValue': Other},
}


@pytest.fixture
def load(monkeypatch):
    for name, content in MODULES.items():
        module = types.ModuleType(name)
        for attribute, cls in content.items():
            setattr(module, attribute, cls.make)
        monkeypatch.setitem(sys.modules, name, module)

    def described(path):
        spec = importlib.util.spec_from_file_location(path.stem.replace('.', '_'), path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.generate_launch_description().args[0]

    return described


def arguments_of(entities):
    return {entity.args[0]: entity.kwargs['default_value'] for entity in entities
            if isinstance(entity, DeclareLaunchArgument)}


def configurations_in(value):
    """Names of all launch arguments that are used somewhere in `value`."""
    if isinstance(value, LaunchConfiguration):
        return {value.args[0]}
    if isinstance(value, Fake):
        return configurations_in([value.args, value.kwargs])
    if isinstance(value, dict):
        return configurations_in([*value.keys(), *value.values()])
    if isinstance(value, (list, tuple, ItemsView)):
        return set().union(*(configurations_in(item) for item in value))
    return set()


def configurations_in_text(text):
    """The same of an attribute of an XML launch file."""
    return set(re.findall(r'\$\(var (\w+)\)', text))


def flat(tree, prefix=''):
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from flat(value, f'{prefix}{key}.')
        else:
            yield prefix + key, value


PYTHON = sorted((ROOT / 'launch').glob('*.launch.py'))


@pytest.mark.parametrize('path', PYTHON, ids=lambda path: path.name)
def test_every_argument_is_declared_described_and_used(load, path):
    entities = load(path)
    declared = arguments_of(entities)
    used = configurations_in([e for e in entities if not isinstance(e, DeclareLaunchArgument)])
    assert used == set(declared)
    for entity in entities:
        if isinstance(entity, DeclareLaunchArgument):
            assert entity.kwargs['description']
    for name in ('params_file', 'rviz_config'):
        assert name not in declared or Path(declared[name]).is_file()


@pytest.mark.parametrize('path', PYTHON, ids=lambda path: path.name)
def test_what_is_given_to_a_node_is_declared_by_it(load, path):
    for node in (e for e in load(path) if isinstance(e, Node)):
        executable = node.kwargs['executable']
        if node.kwargs['package'] != 'spatialclaw_ros':
            continue
        for given in node.kwargs['parameters']:
            if isinstance(given, dict):
                assert set(given) - {'use_sim_time'} <= set(OF_NODE[executable])
        topics = {str(SERVER_NAMES[name].default) for name in (
            'camera.camera.image', 'camera.camera.camera_info', 'camera.camera.depth')}
        remapped = {source for source, _ in node.kwargs.get('remappings', ())}
        assert not remapped or remapped == topics


def test_a_params_file_holds_where_no_sensor_file_is_given(load):
    entities = load(ROOT / 'launch' / 'server.launch.py')
    declared = arguments_of(entities)
    assert configurations_in(declared['sensor_file']) == {'params_file'}
    assert list(declared).index('params_file') < list(declared).index('sensor_file')
    server = next(e for e in entities if isinstance(e, Node))
    given = [next(iter(configurations_in(part))) for part in server.kwargs['parameters']]
    assert given == ['fixed_frame', 'params_file', 'sensor_file', 'use_sim_time']


@pytest.mark.parametrize('name', ['player', 'simulator'])
def test_defaults_of_arguments_are_those_of_parameters(load, name):
    declared = arguments_of(load(ROOT / 'launch' / f'{name}.launch.py'))
    chosen = {'loop'}
    for parameter in OF_NODE[name].values():
        if parameter.name in declared and parameter.name not in chosen:
            assert declared[parameter.name] == str(parameter.default)


@pytest.mark.parametrize('path', PYTHON, ids=lambda path: path.name)
def test_what_an_include_is_given_is_declared_there(load, path):
    for include in (e for e in load(path) if isinstance(e, IncludeLaunchDescription)):
        included = Path(include.args[0].args[0])
        given = {name for name, _ in include.kwargs['launch_arguments']}
        assert given <= set(arguments_of(load(included)))


def test_the_default_parameter_file_holds_every_default():
    tree = yaml.safe_load((ROOT / 'config' / 'server.yaml').read_text())
    values = dict(flat(tree['/**']['ros__parameters']))
    assert values == {name: parameter.default for name, parameter in SERVER_NAMES.items()
                      if name != 'fixed_frame'}


@pytest.mark.parametrize('path', sorted((ROOT / 'config' / 'sensors').glob('*.yaml')),
                         ids=lambda path: path.stem)
def test_sensor_profiles_name_parameters_there_are(path):
    tree = yaml.safe_load(path.read_text())
    for name, value in flat(tree['/**']['ros__parameters']):
        default = SERVER_NAMES[name].default
        assert isinstance(value, type(default)) or name.endswith('rectified')


def test_the_xml_include_has_the_arguments_of_the_python_file(load):
    root = ElementTree.parse(ROOT / 'launch' / 'server.launch.xml').getroot()
    declared = arguments_of(load(ROOT / 'launch' / 'server.launch.py'))
    arguments = {arg.get('name'): arg.get('default') for arg in root.iter('arg')}
    assert set(arguments) == set(declared) - {'rviz'}
    assert all(arg.get('description') for arg in root.iter('arg'))
    node = root.find('node')
    assert node.get('exec') == 'server'
    used = ' '.join(value for element in root.iter() for value in element.attrib.values())
    assert all(f'$(var {name})' in used for name in arguments)
    server = next(e for e in load(ROOT / 'launch' / 'server.launch.py') if isinstance(e, Node))
    assert {remap.get('from'): configurations_in_text(remap.get('to')) for remap in
            node.iter('remap')} == {source: configurations_in(to) for source, to in
                                    server.kwargs['remappings']}


def test_every_executable_is_installed():
    text = (ROOT / 'setup.py').read_text()
    for name in OF_NODE:
        assert f"'{name} = spatialclaw_ros.nodes." in text


def test_the_transport_profile_and_the_rviz_layout_can_be_read():
    profile = ElementTree.parse(ROOT / 'config' / 'fastdds_shm.xml')
    assert any(element.tag.endswith('segment_size') and element.text == '16777216'
               for element in profile.iter())
    layout = yaml.safe_load((ROOT / 'config' / 'spatialclaw.rviz').read_text())
    topics = [display['Topic']['Value'] for display in layout['Visualization Manager']['Displays']
              if 'Topic' in display]
    assert 'markers' in topics
    assert all(not topic.startswith('/') for topic in topics)
