# SPDX-License-Identifier: Apache-2.0
#
# Packages the accelerator as an XRT RTL kernel. NOT YET RUN WITH VIVADO (see README.md).
#
#   vivado -mode batch -source package_kernel.tcl -tclargs sta.xo [Tile Lanes]

if {$argc != 1 && $argc != 3} {
  puts "usage: package_kernel.tcl OUTPUT.xo \[TILE LANES\]"
  exit 2
}
set output [file normalize [lindex $argv 0]]
set tile [expr {$argc == 3 ? [lindex $argv 1] : 8}]
set lanes [expr {$argc == 3 ? [lindex $argv 2] : 8}]

set here [file dirname [file normalize [info script]]]
set project [file join [pwd] sta_kernel_project]
set ip [file join [pwd] sta_kernel_ip]

create_project -force sta_kernel $project
add_files -norecurse [glob [file join $here .. rtl *.sv]]
set_property top sta_kernel [current_fileset]
update_compile_order -fileset sources_1

ipx::package_project -root_dir $ip -vendor sta -library kernel -taxonomy /KernelIP -import_files \
    -set_current false
ipx::unload_core [file join $ip component.xml]
ipx::edit_ip_in_project -upgrade true -name sta_kernel_edit -directory $project \
    [file join $ip component.xml]
set core [ipx::current_core]

foreach {name value} [list Tile $tile Lanes $lanes] {
  set_property value $value [ipx::get_user_parameters $name -of_objects $core]
  set_property value $value [ipx::get_hdl_parameters $name -of_objects $core]
}

ipx::associate_bus_interfaces -busif m_axi_gmem -clock ap_clk $core
ipx::associate_bus_interfaces -busif s_axi_control -clock ap_clk $core

# The register map: control registers and arguments, as doc/registers.md.
set map [::ipx::add_memory_map s_axi_control $core]
set_property slave_memory_map_ref s_axi_control [::ipx::get_bus_interfaces -of $core s_axi_control]
set block [ipx::add_address_block reg0 $map]
set_property range 4096 $block
set_property range_resolution_expression {} $block

proc add_register {block name offset bits description} {
  set register [::ipx::add_register -quiet $name $block]
  set_property address_offset $offset $register
  set_property size $bits $register
  set_property description $description $register
  return $register
}
add_register $block CTRL 0x000 32 "Control signals"
add_register $block GIER 0x004 32 "Global interrupt enable"
add_register $block IP_IER 0x008 32 "Interrupt enable"
add_register $block IP_ISR 0x00C 32 "Interrupt status"
foreach {name offset description} {
  program 0x010 "Program image"
  instructions 0x01C "Instruction stream"
  input 0x028 "Rows in"
  output 0x034 "Rows out"
} {
  set register [add_register $block $name $offset 64 $description]
  set parameter [ipx::add_register_parameter ASSOCIATED_BUSIF $register]
  set_property value m_axi_gmem $parameter
}
foreach {name offset description} {
  instruction_count 0x040 "Instructions"
  program_beats 0x048 "Size of the program image in beats"
  input_beats 0x050 "Size of the rows in"
  output_beats 0x058 "Size of the rows out"
} {
  add_register $block $name $offset 32 $description
}

set_property sdx_kernel true $core
set_property sdx_kernel_type rtl $core
set_property supported_families {} $core
set_property auto_family_support_level level_2 $core
set_property core_revision 1 $core
ipx::create_xgui_files $core
ipx::update_checksums $core
ipx::check_integrity -kernel $core
ipx::save_core $core
close_project -delete

package_xo -force -xo_path $output -kernel_name sta -ip_directory $ip \
    -kernel_xml [file join $here kernel.xml] -ctrl_protocol ap_ctrl_hs
